"""Calls that end before their plan: the agent ends them, or the caller after no answer."""

from harness.errors import Fault, Party, Phase
from harness.model import CallEnded, TurnRecord, TurnStatus

HUNG_UP = "caller_hung_up"
_UNANSWERED = (TurnStatus.TIMEOUT, TurnStatus.NO_REPLY, TurnStatus.FAILED)


def hung_up_after(turn: TurnRecord) -> Fault | None:
    """Return why the turns after this one never come; `None` where it had an answer.

    A turn that we spoiled is no reason to hang up: nothing is known of its answer.
    """
    if turn.status not in _UNANSWERED:
        return None
    party = Party.UNKNOWN if turn.fault is None else turn.fault.party
    words = f"the caller hung up after turn {turn.turn_index}, which had no answer"
    return Fault(party, Phase.RESPONSE, HUNG_UP, words)


def ended_by_agent(ended: CallEnded) -> Fault:
    """Return why no turn comes after the agent has ended the call."""
    words = f"the agent ended the call: {ended.reason}".removesuffix(": ")
    return Fault(Party.THEIRS, Phase.CLOSE, "hung_up", words)
