"""What an API can say, in neutral words.

A dialect turns one wire message into one of these; the session room decides what it means.
`Notice` stands for every message that carries nothing we measure. Identifiers are the
provider's, and an API that has none leaves them empty.
"""

from dataclasses import dataclass
from enum import StrEnum

from harness.model.turn import TokenUsage


@dataclass(frozen=True, slots=True)
class SessionCreated:
    """The session exists. Only now is it open; an accepted upgrade proves nothing."""

    provider_session_id: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class SessionConfigured:
    """The server acknowledged a configuration; `acknowledged` is its turn detection, as JSON."""

    acknowledged: str = ""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The server heard the caller begin."""

    item_id: str = ""
    audio_start_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The server decided that the caller had finished."""

    item_id: str = ""
    audio_end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class InputCommitted:
    """The server closed the caller's turn."""

    item_id: str = ""


@dataclass(frozen=True, slots=True)
class ResponseCreated:
    """A reply was begun."""

    response_id: str = ""


@dataclass(frozen=True, slots=True)
class AudioDelta:
    """A piece of the reply's audio, still in base64: most of it is only counted.

    Attributes:
        audio: Base64 text as it stood in the message.
        response_id: The reply it belongs to.
        item_id: The item it belongs to.
    """

    audio: bytes
    response_id: str = ""
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the reply's text or transcript. The words are not kept."""

    response_id: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool to be run."""

    call_id: str
    name: str
    arguments: str
    response_id: str = ""


class ResponseStatus(StrEnum):
    """How a reply ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    INCOMPLETE = "incomplete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """A reply ended.

    Attributes:
        status: How.
        code: The provider's error or reason code when it did not complete.
        detail: The provider's words, bounded by the dialect.
        usage: Tokens, when the provider tells.
    """

    response_id: str
    status: ResponseStatus
    code: str = ""
    detail: str = ""
    usage: TokenUsage | None = None


@dataclass(frozen=True, slots=True)
class ProviderError:
    """An error message. It is not fatal; only a close is."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that carries nothing we measure; `name` is the vendor's word for it."""

    name: str


Event = (
    SessionCreated
    | SessionConfigured
    | SpeechStarted
    | SpeechStopped
    | InputCommitted
    | ResponseCreated
    | AudioDelta
    | TextDelta
    | ToolCall
    | ResponseDone
    | ProviderError
    | Notice
)
