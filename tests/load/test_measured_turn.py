from harness.errors import Fault, Party, Phase
from harness.load.measured_turn import MeasuredTurn
from harness.model import TurnInstants, TurnKind, TurnRecord, TurnStatus
from harness.session import HeardSoFar

HEARD = HeardSoFar(turn_index=1, transcript="Which size?", tools=("a", "b"), audible=True)


def record(status: TurnStatus = TurnStatus.COMPLETED, fault: Fault | None = None) -> TurnRecord:
    return TurnRecord(
        session_id="call-000001",
        turn_index=1,
        kind=TurnKind.LATER,
        status=status,
        network="none",
        utterance_id="u",
        limit_ms=1_000,
        at=TurnInstants(speech_end_ns=1_000_000, first_audible_ns=801_500_000),
        fault=fault,
    )


def test_a_turn_that_goes_on_says_what_was_heard_and_measures_nothing_yet() -> None:
    turn = MeasuredTurn(1, "u")
    assert (turn.transcript, turn.tool, turn.latency_ms, turn.status) == ("", "", None, None)
    turn.update(HEARD)
    assert (turn.transcript, turn.tool, turn.tools) == ("Which size?", "a", ("a", "b"))
    assert not turn.ended
    assert repr(turn) == "<turn 1: u, under way>"


def test_a_turn_that_has_ended_is_measured() -> None:
    turn = MeasuredTurn(1, "u")
    turn.update(HEARD)
    turn.update(None, record())
    assert turn.ended
    assert (turn.transcript, turn.latency_ms, turn.fault) == ("Which size?", 800.5, "")


def test_a_turn_that_failed_has_no_latency_and_says_why() -> None:
    turn = MeasuredTurn(1, "u")
    fault = Fault(Party.THEIRS, Phase.RESPONSE, "rate_limited", "")
    turn.update(HEARD, record(TurnStatus.FAILED, fault))
    assert (turn.latency_ms, turn.status, turn.fault) == (None, TurnStatus.FAILED, "rate_limited")
