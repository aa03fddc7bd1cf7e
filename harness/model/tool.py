"""What the caller's application makes of one call of a tool."""

from dataclasses import dataclass
from enum import StrEnum


class ToolEnd(StrEnum):
    """How a call of a tool ended, as the application sees it."""

    ANSWERED = "answered"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswer:
    """The answer to one call, as it was drawn when the call came.

    Attributes:
        takes_ms: From the call to its answer.
        output: What is answered, as JSON; `None` for what the scenario's own code has to say, which
            goes out when it is there and not before `takes_ms`.
        end: How the call ended.
        time_out_ms: When the application waits no longer for the scenario's code.
        timed_out: What is answered then.
    """

    takes_ms: float
    output: str | None
    end: ToolEnd = ToolEnd.ANSWERED
    time_out_ms: float = 0.0
    timed_out: str = ""
