from collections.abc import Callable

import pytest

from harness.analysis.completeness import completeness
from harness.errors import Fault, Party, Phase
from harness.model import Run, RunEvent, RunEventKind, SessionRecord, TurnRecord, TurnStatus

MakeTurn = Callable[..., TurnRecord]
MakeSession = Callable[..., SessionRecord]
MakeRun = Callable[..., Run]
CLOSED = Fault(Party.THEIRS, Phase.RESPONSE, "close_1011")
STOPPED = Fault(Party.OURS, Phase.RESPONSE, "stopped")


def test_calls_are_counted_once_however_many_sessions_they_took(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    sessions = [make_session("a", call_number=3), make_session("b", call_number=3)]
    found = completeness(make_run([make_turn()], sessions, calls_planned=4))
    assert (found.calls_held, found.calls_missing) == (1, 3)


def test_a_call_that_says_why_it_never_started_is_not_missing(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    dropped = make_turn(None, session="b", status=TurnStatus.DROPPED, party=Party.OURS)
    found = completeness(make_run([make_turn(), dropped], [make_session()], calls_planned=2))
    assert (found.calls_held, found.calls_dropped, found.calls_missing) == (1, 1, 0)
    assert found.dropped == {"test": 1}


def test_nothing_is_missing_where_time_decides(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    session = make_session(turns_planned=5, fault=STOPPED)
    found = completeness(make_run([make_turn()], [session], calls_planned=None))
    assert (found.calls_missing, found.turns_missing, found.turns_cut) == (0, 0, 0)
    assert found.turns_planned == 5


@pytest.mark.parametrize(
    ("status", "fault", "missing", "cut"),
    [
        (TurnStatus.COMPLETED, None, 4, 0),
        (TurnStatus.COMPLETED, STOPPED, 4, 0),
        (TurnStatus.COMPLETED, CLOSED, 0, 4),
        (TurnStatus.TIMEOUT, None, 0, 4),
    ],
)
def test_turns_without_a_record_are_told_by_who_ended_their_call(
    make_run: MakeRun,
    make_turn: MakeTurn,
    make_session: MakeSession,
    status: TurnStatus,
    fault: Fault | None,
    missing: int,
    cut: int,
) -> None:
    session = make_session(turns_planned=5, fault=fault)
    found = completeness(make_run([make_turn(status=status)], [session]))
    assert (found.turns_missing, found.turns_cut) == (missing, cut)


def test_the_turns_of_the_schedule_include_those_of_calls_that_were_not_held(
    make_run: MakeRun, make_turn: MakeTurn
) -> None:
    assert completeness(make_run([make_turn()], turns_planned=12)).turns_planned == 12


def test_lost_workers_are_counted(make_run: MakeRun, make_turn: MakeTurn) -> None:
    lost = RunEvent(kind=RunEventKind.WORKER_LOST, at_ns=0)
    assert completeness(make_run([make_turn()], events=[lost, lost])).workers_lost == 2


def test_frames_of_all_sessions_are_added_up(
    make_run: MakeRun, make_turn: MakeTurn, make_session: MakeSession
) -> None:
    sessions = [
        make_session("a", frames_intended=10, frames_sent=9),
        make_session("b", frames_intended=5, frames_sent=5),
    ]
    found = completeness(make_run([make_turn()], sessions))
    assert (found.frames_intended, found.frames_sent, found.finished) == (15, 14, True)
    assert found.frames_share == 14 / 15
