"""What a caller's client says besides audio, in neutral words.

The session package decides that it is said, a dialect puts it into the vendor's words.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Truncate:
    """Of a response that was stopped, no more was heard than this.

    Attributes:
        item_id: The provider's name for the item that was playing.
        heard_ms: How much of its audio was heard.
    """

    item_id: str
    heard_ms: int


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What the caller's application answers to a tool call; `output` is JSON."""

    call_id: str
    output: str


@dataclass(frozen=True, slots=True)
class RequestResponse:
    """The model is to go on with what it knows now."""


@dataclass(frozen=True, slots=True)
class CommitTurn:
    """The caller has finished: what was said since the last turn is a turn, to be answered.

    Attributes:
        words: What was said, where it goes out as text.
    """

    words: str = ""


@dataclass(frozen=True, slots=True)
class CancelResponse:
    """The response that is being given is to end, since the caller begins to speak."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The caller begins to speak into a response, which is spoken no further.

    Attributes:
        heard: The text that had been spoken.
        heard_ms: How long that took.
    """

    heard: str
    heard_ms: int


@dataclass(frozen=True, slots=True)
class PressKey:
    """The caller presses one key of the telephone: a digit, `*`, `#`, or A to D."""

    key: str


CutOff = Truncate | Interrupted
"""What is said of a response that was stopped: how much of it was heard."""

Request = PressKey | CommitTurn | CancelResponse | CutOff | ToolResult | RequestResponse
