import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from harness.bench import proxy_validation as module
from harness.bench.proxy_validation import CaseResult, CaseVerdict, Round, play, sum_up
from harness.bench.tcp_validation import Case, cases
from harness.errors import RunInvalid
from harness.model import NoProgress, UpdateStats
from harness.network import NetworkLayer, Stream
from harness.network.probe.baseline import Baseline
from harness.network.probe.frame_flow import Floats, FrameFlow, FrameFlows

CASE = Case(rtt_ms=40, loss_percent=1, late_percent=1.0, mean_ms=2.0, bar=True)
KEPT = UpdateStats(planned=100, done=100, failed=0, lag_p50_ms=1, lag_p99_ms=3, lag_max_ms=9)


def extra(late: int, size: int = 1000) -> Floats:
    """A stream with so many late messages, all apart, and twice the mean in percent."""
    found = np.zeros(size)
    found[: 2 * late : 2] = 200.0
    return found


def make_round(
    streams: Sequence[Floats],
    *,
    own: Baseline | None = None,
    changes: UpdateStats = KEPT,
    left_out: int = 0,
    stray: float = 0.0,
) -> Round:
    pairs = [(found, np.zeros(len(found))) for found in streams]
    return Round(
        streams=pairs, left_out=left_out, stray=stray, own=[own or Baseline(0.7)], changes=changes
    )


def alike(late: int, count: int = 100) -> list[Floats]:
    return [extra(late)] * count


def verdict(*rounds: Round) -> CaseVerdict:
    return sum_up(CASE, rounds).verdict


@pytest.mark.parametrize(
    ("late", "expected"),
    [
        (10, CaseVerdict.WITHIN),
        (12, CaseVerdict.WITHIN),
        (13, CaseVerdict.OUTSIDE),
        (7, CaseVerdict.OUTSIDE),
    ],
)
def test_a_quarter_is_the_line(late: int, expected: CaseVerdict) -> None:
    assert verdict(make_round(alike(late))) is expected


def test_found_planned_and_kernel_stand_beside_each_other() -> None:
    pair = (extra(10), extra(20))
    played = sum_up(
        CASE, [Round(streams=[pair] * 50, left_out=0, stray=0.0, own=[Baseline(0.7)], changes=KEPT)]
    )
    assert played.late_percent.found == pytest.approx(1.0)
    assert played.late_percent.planned == pytest.approx(2.0)
    assert played.late_percent.off == pytest.approx(0.0)
    assert played.mean_ms.found == pytest.approx(2.0)
    assert played.mean_ms.planned == pytest.approx(4.0)
    assert played.late_events == 500
    assert (played.streams, played.messages) == (50, 50_000)
    assert played.baseline_ms == 0.7


def test_late_messages_in_a_row_are_one_event() -> None:
    found = np.zeros(1000)
    found[100:110] = 80
    found[500] = 80
    assert sum_up(CASE, [make_round([found] * 10)]).late_events == 20


def test_few_events_cannot_tell_whatever_they_say() -> None:
    played = sum_up(CASE, [make_round([*alike(1, 15), *alike(0, 85)])])
    assert played.late_percent.verdict is CaseVerdict.UNDECIDED
    assert sum_up(CASE, [make_round(alike(0))]).late_percent.verdict is CaseVerdict.UNDECIDED


def test_streams_count_and_not_messages() -> None:
    """All late messages in a tenth of the streams say less than as many all over."""
    apart = sum_up(CASE, [make_round(alike(10))]).late_percent
    heaped = sum_up(CASE, [make_round([*alike(100, 10), *alike(0, 90)])]).late_percent
    assert apart.found == heaped.found
    assert (apart.verdict, heaped.verdict) == (CaseVerdict.WITHIN, CaseVerdict.UNDECIDED)
    assert apart.narrow
    assert not heaped.narrow


def test_a_handful_of_streams_has_no_interval() -> None:
    played = sum_up(CASE, [make_round(alike(10, 9))])
    assert played.late_percent.low is None
    assert played.verdict is CaseVerdict.UNDECIDED


def test_the_same_streams_have_the_same_interval() -> None:
    rng = np.random.default_rng(1)
    streams = [extra(int(late)) for late in rng.integers(0, 20, 60)]
    one, two = (sum_up(CASE, [make_round(streams)]) for _ in range(2))
    assert one == two
    assert one.mean_ms.low is not None
    assert one.mean_ms.high is not None
    assert one.mean_ms.low < one.mean_ms.found < one.mean_ms.high


LATE = UpdateStats(planned=100, done=100, failed=0, lag_p50_ms=1, lag_p99_ms=30, lag_max_ms=90)
FAILED = UpdateStats(planned=100, done=99, failed=1, lag_p50_ms=1, lag_p99_ms=3, lag_max_ms=9)


@pytest.mark.parametrize(
    ("disturbed", "why"),
    [
        (make_round(alike(40), changes=LATE), "changes P99 30.0 ms late"),
        (make_round(alike(40), changes=FAILED), "1 changes failed"),
        (make_round(alike(40), left_out=1000), "0.99% of frames were sent late"),
        (make_round(alike(40), stray=0.01), "1.00% of unimpaired frames"),
    ],
)
def test_a_disturbed_spell_counts_only_where_there_is_no_other(disturbed: Round, why: str) -> None:
    assert why in disturbed.disturbance
    assert why in module._words(CASE, [disturbed], 2)
    both = sum_up(CASE, [disturbed, make_round(alike(10))])
    assert both.verdict is CaseVerdict.WITHIN
    assert (both.rounds, both.disturbed) == (1, 1)
    alone = sum_up(CASE, [disturbed])
    assert alone.verdict is CaseVerdict.BUSY
    assert alone.late_percent.found == pytest.approx(4.0)


def test_an_implausible_baseline_is_not_within() -> None:
    played = sum_up(CASE, [make_round(alike(10), own=Baseline(-9.0, "took 9.0 ms less"))])
    assert played.verdict is CaseVerdict.OUTSIDE
    assert played.unlikely == "took 9.0 ms less"


def test_frames_that_left_late_are_left_out_and_counted() -> None:
    assert sum_up(CASE, [make_round(alike(10), left_out=50)]).left_out == pytest.approx(
        0.0005, rel=0.01
    )


def test_a_pause_of_the_machine_is_seen_in_frames_that_nothing_held_up() -> None:
    def flow(*, upwards: bool, paused: slice) -> FrameFlow:
        found = np.full(1500, 0.7)
        found[paused] += 60
        zeros = np.zeros(1500)
        return FrameFlow(
            upwards=upwards,
            extra_ms=found,
            planned_ms=zeros,
            base_ms=zeros + 20,
            lateness_ms=zeros,
        )

    for frames, disturbed in ((0, False), (3, True)):
        flows = [flow(upwards=way, paused=slice(100, 100 + frames)) for way in (True, False)]
        one = module._round_of(CASE, FrameFlows(tuple(flows)), KEPT)
        assert one.stray == frames / 1500
        assert bool(one.disturbance) is disturbed


def test_what_broke_off_is_said() -> None:
    with pytest.raises(RunInvalid, match="RTT 40 ms, 1 %: gone"):
        module._round_of(CASE, FrameFlows(broken="gone"), KEPT)


def test_a_case_is_drawn_anew_for_each_stream_and_always_alike() -> None:
    case = next(case for case in cases() if case.bar)
    (up, down), (other, _) = (module._drawn(case, 5.0, [1, 0, 0, n]) for n in (0, 1))
    again, _ = module._drawn(case, 5.0, [1, 0, 0, 0])
    assert again.trace.settings == up.trace.settings
    assert len({up.trace.settings, down.trace.settings, other.trace.settings}) == 3
    assert all(2000 <= draw.begin_ms <= 8000 for draw in (up, down, other))
    # What is going to be sent lies within the trace: nothing is played twice.
    assert all(draw.begin_ms + 5000 <= draw.trace.length_ms for draw in (up, down, other))


def test_where_stalls_take_many_changes_fewer_streams_run_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dense = next(case for case in cases() if (case.rtt_ms, case.loss_percent) == (80, 2))
    draws = [module._drawn(dense, 2.0, [n]) for n in range(3)]
    assert module._carried(draws) == 3
    monkeypatch.setattr(module, "_CHANGES_HZ", 45)
    assert module._carried(draws) < 3
    monkeypatch.setattr(module, "_CHANGES_HZ", 0)
    assert module._carried(draws) == 1


def test_a_case_through_the_real_proxy_is_what_was_planned(
    toxiproxy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROUNDS", 1)
    lossy = Case(rtt_ms=80, loss_percent=5, late_percent=70, mean_ms=350, bar=True)
    stream = Stream(cadence_ms=20, message_bytes=1300)
    with NetworkLayer(toxiproxy, {}, stream=stream) as layer, asyncio.Runner() as runner:
        rows: list[CaseResult] = list(
            play([lossy], layer, runner.run, NoProgress(), connections=3, seconds=1)
        )
    (row,) = rows
    assert 1 <= row.rounds + row.disturbed <= 2
    assert row.streams == 6 * row.rounds
    assert row.messages <= 300 * row.rounds
    # How near it is hangs on how busy this machine is; that it stalls does not.
    assert row.late_percent.planned > 5
    assert row.late_percent.found > 5
    assert row.mean_ms.found > 5
