from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.breakdown import (
    Point,
    Unheard,
    last_s,
    latency_bins,
    points,
    spectrum,
    typical_and_slow,
    unheard,
)
from harness.errors import Fault, Party, Phase
from harness.model import Run, TurnRecord, TurnStatus

MakeRun = Callable[..., Run]
MakeTurn = Callable[..., TurnRecord]


def heard(make_turn: MakeTurn, n: int = 6) -> list[TurnRecord]:
    return [make_turn(700.0 + number, session=f"s{number}") for number in range(n)]


def _points(latencies: list[float | None]) -> list[Point]:
    return [
        Point(network="n", at_s=float(i), latency_ms=ms, floor_ms=None, stages_ms=None)
        for i, ms in enumerate(latencies)
    ]


def test_stages_add_up_to_the_latency(make_run: MakeRun, make_turn: MakeTurn) -> None:
    for point in points(make_run(heard(make_turn))):
        assert point.stages_ms is not None
        assert point.latency_ms == pytest.approx(sum(point.stages_ms))


def test_turns_we_spoiled_are_not_drawn(make_run: MakeRun, make_turn: MakeTurn) -> None:
    ours = Fault(Party.OURS, Phase.SEND, "stalled")
    run = make_run([*heard(make_turn), make_turn(None, status=TurnStatus.VOID, fault=ours)])
    void = sum(turn.status is TurnStatus.VOID for turn in run.turns)
    assert void > 0
    assert len(points(run)) == len(run.turns) - void


def test_turn_waited_for_in_vain_stands_at_its_limit(
    make_run: MakeRun, make_turn: MakeTurn
) -> None:
    run = make_run([*heard(make_turn), make_turn(None, status=TurnStatus.NO_REPLY)])
    lost = [point for point in points(run) if point.latency_ms is None]
    assert lost
    assert {point.floor_ms for point in lost} == {15_000.0}
    assert spectrum(points(run))[-1][1] == 15_000.0


def test_turns_in_which_nothing_was_heard_are_told_apart(
    make_run: MakeRun, make_turn: MakeTurn
) -> None:
    waited = make_turn(None, session="w", status=TurnStatus.TIMEOUT)
    failed = make_turn(None, session="f", status=TurnStatus.FAILED)
    drawn = points(make_run([*heard(make_turn), waited, waited, failed]))
    assert unheard(drawn) == Unheard(waited=2, cut_off=1)


def test_the_last_caller_stopped_speaking_then() -> None:
    assert last_s(_points([1.0, None, 3.0])) == 2.0
    assert last_s([]) == 0.0


def test_failed_turn_has_no_latency_in_the_curve(make_run: MakeRun, make_turn: MakeTurn) -> None:
    run = make_run([*heard(make_turn), make_turn(None, status=TurnStatus.FAILED)])
    assert all(value < 15_000.0 for _, value in spectrum(points(run)))


def test_median_stands_at_two_and_p99_at_a_hundred() -> None:
    pairs = dict(spectrum(_points([float(i) for i in range(1, 101)])))
    assert pairs[2.0] == 51.0
    assert pairs[100.0] == 100.0


@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=400))
def test_curve_rises_from_the_fastest_to_the_slowest(latencies: list[float]) -> None:
    pairs = spectrum(_points(list(latencies)))
    assert pairs[0] == (1.0, min(latencies))
    assert pairs[-1] == (float(len(latencies)), max(latencies))
    assert pairs == sorted(pairs)


def test_typical_turn_is_the_mean_around_p50_and_slow_around_p95() -> None:
    drawn = [
        Point(network="n", at_s=0.0, latency_ms=3.0 * i, floor_ms=None, stages_ms=(i, i, i))
        for i in range(100)
    ]
    found = typical_and_slow(drawn)
    assert found is not None
    typical, slow = found
    assert (typical.n, slow.n) == (10, 5)
    assert typical.stages_ms == (49.5, 49.5, 49.5)
    assert slow.stages_ms == (94.0, 94.0, 94.0)


def test_too_few_turns_have_no_typical_one(make_run: MakeRun, make_turn: MakeTurn) -> None:
    assert typical_and_slow(points(make_run(heard(make_turn, 19)))) is None


def test_shares_of_bins_and_of_silence_add_up_to_all_turns() -> None:
    groups = {"a": _points([300.0, 800.0, 801.0, None]), "b": _points([5_000.0]), "c": []}
    found = latency_bins(groups)
    assert found is not None
    assert len(found.edges_ms) == len(found.shares["a"]) + 1
    assert found.silent == {"a": 0.25, "b": 0.0, "c": 1.0}
    assert sum(found.shares["a"]) == pytest.approx(0.75)
    assert found.shares["b"][-1] == 1
    assert (found.edges_ms[0], found.edges_ms[-1], found.logarithmic) == (300, 5_000, True)


def test_premature_turns_have_bins_too_and_silence_alone_has_none() -> None:
    found = latency_bins({"a": _points([-100.0, 900.0])})
    assert found is not None
    assert sum(found.shares["a"]) == 1
    assert latency_bins({"a": _points([None])}) is None


@given(st.lists(st.floats(-1e4, 1e5), min_size=1, max_size=50))
def test_no_turn_falls_outside_of_the_bins(latencies: list[float]) -> None:
    found = latency_bins({"a": _points(list(latencies))})
    assert found is not None
    assert sum(found.shares["a"]) == pytest.approx(1)
