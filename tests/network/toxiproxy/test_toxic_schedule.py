import pytest

from harness.model import Direction, NetworkProfile, Stage
from harness.network.tcp.traces import Stream, TracePool
from harness.network.toxiproxy.toxic_client import ApiAddress
from harness.network.toxiproxy.toxic_schedule import compile_toxic_schedule
from harness.network.toxiproxy.toxic_scheduler import Change

NEAR = Direction(delay_ms=10, jitter_ms=4)
FAR = Direction(delay_ms=40, jitter_ms=15, rate_kbit_s=800)
PROFILE = NetworkProfile(
    name="x",
    up=NEAR,
    down=NEAR,
    stages=(Stage(from_s=5, up=FAR, down=FAR), Stage(from_s=8, up=NEAR, down=NEAR)),
)


def upwards(near_ms: float | None = None) -> tuple[list[Change], float]:
    """Return what changes with the stages of the way up, and where the call begins."""
    drawn = TracePool(PROFILE, Stream(), 1).draw("a", near_ms)
    assert drawn is not None
    timelines = [
        list(timeline)
        for timeline in compile_toxic_schedule(ApiAddress(host="h", port=1), "p", PROFILE, drawn)
    ]
    assert len(timelines) == 4
    return timelines[1], drawn[0].begin_ms


def test_a_stage_changes_delay_jitter_and_bandwidth_at_its_time() -> None:
    timeline, begin_ms = upwards()
    assert begin_ms == 0
    assert [at_ms for at_ms, _ in timeline] == [5000, 5000, 8000, 8000]
    heads, bodies = zip(*(request.split(b"\r\n\r\n") for _, request in timeline), strict=True)
    assert [head.split()[1] for head in heads] == [
        b"/proxies/p/toxics/base-upstream",
        b"/proxies/p/toxics/rate-upstream",
    ] * 2
    assert bodies[0] == b'{"attributes":{"latency":40,"jitter":15}}'
    assert bodies[1] == b'{"attributes":{"rate":100}}'
    assert bodies[2] == b'{"attributes":{"latency":10,"jitter":4}}'
    assert int(bodies[3].partition(b'rate":')[2].rstrip(b"}")) > 1_000_000


def test_a_call_that_begins_later_has_past_stages_behind_it_at_once() -> None:
    timeline, begin_ms = upwards(6000.0)
    assert begin_ms > 5000
    assert [at_ms for at_ms, _ in timeline] == pytest.approx(
        [0, 0, 8000 - begin_ms, 8000 - begin_ms]
    )


def test_what_does_not_change_has_no_lane() -> None:
    still = NetworkProfile(name="still", up=NEAR, down=NEAR)
    assert compile_toxic_schedule(ApiAddress(host="h", port=1), "p", still, None) == []
