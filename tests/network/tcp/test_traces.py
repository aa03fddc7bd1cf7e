import itertools

import numpy as np
import pytest

from harness.model import Direction, NetworkProfile, Stage
from harness.network.tcp import traces as module
from harness.network.tcp.traces import Stream, TracePool, figures, make_trace

LOSSY = Direction(delay_ms=20, loss=0.02)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRACES", 3)
    monkeypatch.setattr(module, "TRACE_S", 20.0)


def pool(seed: int = 1, name: str = "x", stream: Stream | None = None) -> TracePool:
    profile = NetworkProfile(name=name, up=LOSSY, down=LOSSY)
    return TracePool(profile, stream or Stream(), seed)


def played(made: TracePool, session_id: str, count: int = 200) -> bytes:
    drawn = made.draw(session_id)
    assert drawn is not None
    changes = [list(itertools.islice(draw.trace.play(draw.begin_ms), count)) for draw in drawn]
    return repr(changes).encode()


def test_the_same_seed_gives_the_same_schedule_byte_for_byte() -> None:
    here, there = pool(), pool()
    assert here.digest() == there.digest()
    for call in ("call-000003", "call-000001"):
        assert played(here, call) == played(there, call)


def test_seeds_profiles_and_calls_differ() -> None:
    assert len({pool(1).digest(), pool(2).digest(), pool(1, "y").digest()}) == 3
    made = pool()
    assert len({played(made, f"call-{n:06d}") for n in range(20)}) > 15


def test_a_schedule_goes_on_for_ever_in_order_of_time() -> None:
    drawn = pool().draw("call-000001")
    assert drawn is not None
    changes = list(itertools.islice(drawn[0].trace.play(drawn[0].begin_ms), 1000))
    times = [at_ms for at_ms, _ in changes]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] > 60_000


def test_a_call_begins_where_nothing_is_held() -> None:
    made = pool()
    for number in range(50):
        drawn = made.draw(f"call-{number}")
        assert drawn is not None
        for draw in drawn:
            assert draw.trace.extra_from(draw.begin_ms, Stream(), 1)[0] < 5
            before = [s for s in draw.trace.settings if s.at_ms < draw.begin_ms]
            assert not before or before[-1].latency_ms == 0


def test_extra_delays_go_round_with_the_schedule() -> None:
    drawn = pool().draw("call-000001")
    assert drawn is not None
    extra = drawn[0].trace.extra_from(drawn[0].begin_ms, Stream(), 2500)
    assert np.array_equal(extra[:1000], extra[1000:2000])


def test_nothing_is_planned_for_a_message_that_nothing_holds_up() -> None:
    for trace in pool().up:
        assert (trace.extra_ms == 0).mean() > 0.5
        assert trace.extra_ms[trace.extra_ms > 0].min() > 1


def test_a_trace_is_as_long_as_asked() -> None:
    profile = NetworkProfile(name="x", up=LOSSY, down=LOSSY)
    rng = np.random.default_rng(1)
    made = make_trace(profile, Stream(), rng, upwards=True, length_s=7)
    assert made.length_ms == 7000
    assert len(made.extra_ms) == 350


def test_a_network_without_loss_has_no_schedule() -> None:
    plain = TracePool(NetworkProfile(name="x"), Stream(), 1)
    assert plain.draw("call-1") is None


def test_a_timeline_starts_with_the_call_and_ends_in_its_last_stage() -> None:
    calm, dead = Direction(delay_ms=20), Direction(delay_ms=20, loss=1)
    profile = NetworkProfile(
        name="x",
        up=calm,
        down=calm,
        stages=(Stage(from_s=5, up=dead, down=dead), Stage(from_s=7, up=calm, down=calm)),
    )
    drawn = TracePool(profile, Stream(), 1).draw("call-1")
    assert drawn is not None
    up = drawn[0]
    assert up.begin_ms == 0
    changes = list(up.trace.play(0.0))
    assert changes, "it ends, for nothing happens after the dead spot"
    assert 4900 < changes[0][0] < 5100
    assert changes[-1][1] == 0
    assert 7000 < changes[-1][0] < 15_000


def test_the_delay_of_a_stage_is_not_the_stall_toxics_work() -> None:
    near, far = Direction(delay_ms=20), Direction(delay_ms=60)
    profile = NetworkProfile(
        name="x", up=near, down=near, stages=(Stage(from_s=2, up=far, down=far),)
    )
    drawn = TracePool(profile, Stream(), 1).draw("call-1")
    assert drawn is not None
    extra = drawn[0].trace.extra_ms
    assert extra.min() >= 0
    assert max(extra[:90].max(), extra[200:400].max()) < 2


def test_a_probe_begins_where_it_is_asked_to_when_nothing_is_held_there() -> None:
    way = Direction(delay_ms=20, loss=0.02)
    dead = Direction(delay_ms=20, loss=1.0)
    stages = (Stage(from_s=5, up=dead, down=dead), Stage(from_s=7, up=way, down=way))
    profile = NetworkProfile(name="x", up=way, down=way, stages=stages)
    drawn = TracePool(profile, Stream(), 1).draw("probe", 4000.0)
    assert drawn is not None
    for draw in drawn:
        assert 3000 < draw.begin_ms <= 4000
        seen = draw.trace.extra_from(draw.begin_ms, Stream(), 300)
        assert seen[0] < 2
        assert seen.max() > 1500, "the dead spot is in what the probe sees"


def test_stalls_of_the_link_come_as_often_as_asked() -> None:
    way = Direction(delay_ms=20, stall_every_ms=2000, stall_ms=(100, 300))
    made = TracePool(NetworkProfile(name="x", up=way, down=Direction(delay_ms=20)), Stream(), 1)
    found = figures([trace.extra_ms for trace in made.up], Stream())
    assert found.per_minute == pytest.approx(35, abs=10), "the burst behind a stall may stall again"
    assert 100 < max(trace.extra_ms.max() for trace in made.up) < 700


def test_figures_count_what_is_let_go_together_once() -> None:
    extra = np.array([0.0, 0, 60, 40, 20, 0, 0, 30, 0, 0])
    found = figures([extra], Stream(cadence_ms=20))
    assert found.messages == 10
    assert found.per_minute == pytest.approx(2 / (10 * 20 / 60_000))
    assert found.late_share == 0.1
    assert found.mean_ms == pytest.approx(15)
