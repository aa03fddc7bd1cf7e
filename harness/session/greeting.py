"""The greeting of an agent that speaks first: when it was heard, or why it was not."""

from dataclasses import dataclass
from typing import Any

from harness.errors import Fault, Party, Phase
from harness.model import TurnRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """Outcome of waiting for a greeting.

    Attributes:
        audible_ns: When its first audible sample was heard, or its first text came, counted from
            run start.
        end_ns: When it had been heard to its end, or its last text came; likewise.
        fault: Why it was not heard, or how it broke off; `None` for a whole one.
    """

    audible_ns: int | None = None
    end_ns: int | None = None
    fault: Fault | None = None

    def recorded(self) -> dict[str, Any]:
        """Return the fields of a session's record that tell of it."""
        return {
            "greeting_audible_ns": self.audible_ns,
            "greeting_end_ns": self.end_ns,
            "greeting_fault": self.fault,
        }


def greeting_of(record: TurnRecord) -> Greeting:
    """Return the greeting that was listened to as if it were the response of a turn.

    Args:
        record: What was recorded of that turn, in which the caller said nothing.
    """
    if record.status.was_heard:
        end_ns = record.at.last_text_ns if record.in_text else record.at.playout_end_ns
        return Greeting(audible_ns=record.answered_ns, end_ns=end_ns, fault=record.fault)
    fault = record.fault
    if fault is None or fault.code == "no_reply":
        words = f"the agent did not speak first within {record.limit_ms / 1000:g} s"
        fault = Fault(Party.THEIRS, Phase.RESPONSE, "no_greeting", words)
    return Greeting(fault=fault)
