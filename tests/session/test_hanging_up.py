import pytest

from harness.errors import Party
from harness.model import SessionCreated, TurnStatus
from harness.session.hanging_up import hung_up_after
from tests.analysis.conftest import build_turn
from tests.session.answering import MS, Answering, hang_up, new_session


@pytest.mark.parametrize("status", TurnStatus)
def test_only_a_turn_that_the_api_left_without_an_answer_is_a_reason(status: TurnStatus) -> None:
    left = status in (TurnStatus.TIMEOUT, TurnStatus.NO_REPLY, TurnStatus.FAILED)
    assert (hung_up_after(build_turn(status=status)) is not None) == left


@pytest.mark.parametrize("hangs_up", [False, True])
def test_a_caller_goes_on_or_hangs_up_and_every_planned_turn_is_a_row(hangs_up: bool) -> None:
    session = new_session(turns=3, hangs_up=hangs_up)
    session.receive(SessionCreated("sess"), 10 * MS)
    # Nothing answers within the limit of 3 s.
    server = Answering(session, latency_ms=60_000)
    server.run(until_ms=30_000)
    assert session.finished
    record = hang_up(session)
    turns = server.turns + session.take_turns()
    assert [turn.turn_index for turn in turns] == [0, 1, 2]
    assert (record.turns_planned, record.fault) == (3, None)
    if not hangs_up:
        assert {turn.status for turn in turns} == {TurnStatus.NO_REPLY}
        return
    assert [turn.status for turn in turns] == [TurnStatus.NO_REPLY, *[TurnStatus.DROPPED] * 2]
    for turn in turns[1:]:
        assert turn.fault is not None
        assert (turn.fault.code, turn.fault.party) == ("caller_hung_up", Party.UNKNOWN)
