from collections.abc import Callable

import pytest

from harness.analysis.calls import calls_summary, turns_of
from harness.errors import Party
from harness.model import Run, TurnRecord, TurnStatus

MakeTurn = Callable[..., TurnRecord]
MakeRun = Callable[..., Run]


def test_failed_calls_come_before_slow_ones(make_run: MakeRun, make_turn: MakeTurn) -> None:
    turns = [
        make_turn(700, session="fine"),
        make_turn(900, session="slow"),
        make_turn(4_000, session="slow", index=1),
        make_turn(600, session="lost"),
        make_turn(None, session="lost", index=1, status=TurnStatus.NO_REPLY),
    ]
    found = calls_summary(make_run(turns))
    assert (found.n, found.failed) == (3, 1)
    assert found.share == pytest.approx(1 / 3, abs=1e-6)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 1 / 3 < found.high
    assert [one.session_id for one in found.worst] == ["lost", "slow", "fine"]
    lost, slow, _ = found.worst
    assert (lost.turn_index, lost.failed, lost.slowest_ms) == (1, 1, 600)
    assert lost.fault == "theirs/response test"
    assert (slow.turn_index, slow.failed, slow.slowest_ms) == (1, 0, 4_000)


def test_what_we_spoiled_makes_no_call_bad(make_run: MakeRun, make_turn: MakeTurn) -> None:
    spoiled = make_turn(None, session="a", status=TurnStatus.VOID, party=Party.OURS)
    run = make_run([spoiled, make_turn(700, session="b")])
    found = calls_summary(run)
    assert (found.n, found.failed) == (1, 0)
    assert turns_of(run, "a") == [spoiled]


def test_without_turns_nothing_is_known(make_run: MakeRun) -> None:
    found = calls_summary(make_run([]))
    assert (found.n, found.share, found.worst) == (0, None, ())


def test_a_call_in_which_nothing_was_heard_has_no_slowest_turn(
    make_run: MakeRun, make_turn: MakeTurn
) -> None:
    (worst,) = calls_summary(make_run([make_turn(None, status=TurnStatus.FAILED)])).worst
    assert worst.slowest_ms is None
