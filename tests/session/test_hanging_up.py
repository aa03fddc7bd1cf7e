import pytest

from harness.errors import Fault, Party, Phase
from harness.model import CallEnded, SessionCreated, TurnStatus
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


def _ended(at_ms: int) -> tuple[Answering, list[tuple[TurnStatus, str]], Fault | None]:
    """Hold a call of three turns whose agent ends it; what became of each turn, and the fault."""
    session = new_session(turns=3, hangs_up=True)
    session.receive(SessionCreated("sess"), 10 * MS)
    server = Answering(session, latency_ms=500)
    server.expect([(at_ms, CallEnded("COMPLETE"))])
    server.run(until_ms=30_000)
    assert session.finished
    record = hang_up(session)
    turns = server.turns + session.take_turns()
    assert [turn.turn_index for turn in turns] == list(range(record.turns_planned))
    assert {turn.fault.detail for turn in turns if turn.fault} == {
        "the agent ended the call: COMPLETE"
    }
    codes = [(turn.status, turn.fault.code if turn.fault else "") for turn in turns]
    return server, codes, record.fault


def test_a_call_that_its_agent_ends_between_turns_has_no_more_of_them() -> None:
    # The first turn is over at 1,410 ms, and the second begins at 1,530 ms.
    _, codes, fault = _ended(at_ms=1_450)
    assert codes == [(TurnStatus.COMPLETED, ""), *[(TurnStatus.DROPPED, "hung_up")] * 2]
    assert fault is None


def test_an_answer_is_heard_out_after_which_the_agent_ended_the_call() -> None:
    server, codes, fault = _ended(at_ms=850)
    assert codes == [(TurnStatus.COMPLETED, ""), *[(TurnStatus.DROPPED, "hung_up")] * 2]
    assert fault is None
    (first, *_) = server.turns
    assert first.at.playout_end_ns is not None
    assert first.at.playout_end_ns <= server.sent[-1][0]


def test_a_turn_that_the_agent_ended_the_call_on_has_its_fault() -> None:
    server, codes, _ = _ended(at_ms=400)
    assert codes == [(TurnStatus.CLOSED, "hung_up"), *[(TurnStatus.DROPPED, "hung_up")] * 2]
    assert server.sent[-1][0] < 450 * MS, "the caller spoke on"


def test_what_was_said_before_the_end_is_heard_though_the_connection_is_gone() -> None:
    session = new_session(turns=2)
    session.receive(SessionCreated("sess"), 10 * MS)
    server = Answering(session, latency_ms=500)
    server.expect([(850, CallEnded())])
    server.run(until_ms=860)
    gone_ns = server.sent[-1][0]
    fault = Fault(Party.THEIRS, Phase.CLOSE, "close_1000", "")
    assert session.lost(gone_ns, fault) is None
    record = session.closed(gone_ns, fault, 1000)
    first, second = server.turns + session.take_turns()
    assert (first.status, first.fault) == (TurnStatus.COMPLETED, None)
    assert first.at.playout_end_ns is not None
    assert first.at.playout_end_ns > gone_ns
    assert second.fault is not None
    assert (second.status, second.fault.code) == (TurnStatus.DROPPED, "hung_up")
    assert record.fault is None
