"""What is kept of a greeting that was listened to like a response."""

import pytest

from harness.errors import Fault, Party, Phase
from harness.model import TurnInstants, TurnKind, TurnRecord, TurnStatus
from harness.session.greeting import Greeting, greeting_of

BROKEN = Fault(Party.THEIRS, Phase.PLAYOUT, "server_error")
STOPPED = Fault(Party.OURS, Phase.RESPONSE, "stopped")
SILENT = Fault(Party.UNKNOWN, Phase.SEND, "no_reply")


def heard(status: TurnStatus, fault: Fault | None, audible_ns: int | None) -> Greeting:
    at = TurnInstants(first_audible_ns=audible_ns, playout_end_ns=audible_ns and 9)
    record = TurnRecord(
        session_id="s",
        turn_index=0,
        kind=TurnKind.FIRST,
        status=status,
        network="n",
        utterance_id="",
        limit_ms=3_000,
        at=at,
        fault=fault,
    )
    return greeting_of(record)


@pytest.mark.parametrize(
    ("status", "fault"), [(TurnStatus.COMPLETED, None), (TurnStatus.BROKEN_OFF, BROKEN)]
)
def test_a_greeting_that_was_heard_keeps_its_instants(
    status: TurnStatus, fault: Fault | None
) -> None:
    assert heard(status, fault, 5) == Greeting(audible_ns=5, end_ns=9, fault=fault)


def test_a_greeting_that_never_came_says_so_and_one_that_was_cut_off_says_why() -> None:
    never = heard(TurnStatus.NO_REPLY, SILENT, None)
    assert never.fault == Fault(
        Party.THEIRS, Phase.RESPONSE, "no_greeting", "the agent did not speak first within 3 s"
    )
    assert heard(TurnStatus.VOID, STOPPED, None) == Greeting(fault=STOPPED)
