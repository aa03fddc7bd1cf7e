from collections.abc import Callable
from typing import Any

import pytest

from harness.analysis.error_bound import ErrorBounds, error_bounds, held_to_limit
from harness.errors import Party
from harness.model import Run, TurnRecord, TurnStatus

MS = 1_000_000
MakeTurn = Callable[..., TurnRecord]
MakeRun = Callable[..., Run]


def test_the_bounds_of_turns_that_count_are_summed_up(make_turn: MakeTurn) -> None:
    turns = [make_turn(endpoint_lateness_ns=ms * MS) for ms in range(1, 11)]
    found = error_bounds(turns)
    assert (found.n, found.unknown, found.over) == (10, 0, 0)
    assert (found.p50_ms, found.p99_ms, found.max_ms) == (5.0, 10.0, 10.0)


def test_a_bound_that_is_not_known_is_no_zero(make_turn: MakeTurn) -> None:
    found = error_bounds([make_turn(arrival_uncertainty_ns=None)])
    assert found == ErrorBounds(n=0, unknown=1, over=0)


def test_turns_that_are_void_for_theirs_are_counted_apart(make_turn: MakeTurn) -> None:
    void = make_turn(status=TurnStatus.VOID, endpoint_lateness_ns=26 * MS)
    other = make_turn(None, status=TurnStatus.VOID, endpoint_lateness_ns=None)
    failed = make_turn(None, status=TurnStatus.FAILED)
    found = error_bounds([make_turn(), void, other, failed])
    assert (found.n, found.over, found.max_ms) == (1, 1, 0.1)


@pytest.mark.parametrize(
    "part", ["endpoint_lateness_ns", "arrival_uncertainty_ns", "processing_delay_ns"]
)
def test_records_of_any_version_are_held_to_the_limit(
    make_run: MakeRun, make_turn: MakeTurn, part: str
) -> None:
    told: dict[str, Any] = {part: 11 * MS}
    run = held_to_limit(make_run([make_turn(), make_turn(**told), make_turn(-5.0, **told)]))
    assert [turn.status for turn in run.turns] == [TurnStatus.COMPLETED, *[TurnStatus.VOID] * 2]
    fault = run.turns[1].fault
    assert fault is not None
    assert (fault.party, fault.code) == (Party.OURS, "error_bound")
    assert "11.0 ms" in fault.detail or "11.1 ms" in fault.detail


def test_a_run_within_the_limit_stays_as_it_is(make_run: MakeRun, make_turn: MakeTurn) -> None:
    spoiled = make_turn(None, status=TurnStatus.VOID, endpoint_lateness_ns=26 * MS)
    run = make_run([make_turn(endpoint_lateness_ns=10 * MS), spoiled])
    assert held_to_limit(run) is run


def test_responses_that_our_own_loop_stamped_are_counted(make_turn: MakeTurn) -> None:
    turns = [make_turn(processing_delay_ns=1_000), make_turn(), make_turn()]
    assert (error_bounds(turns).by_loop, error_bounds(turns).n) == (1, 3)
