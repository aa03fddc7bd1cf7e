"""What an API can report, independent of its vendor.

A dialect turns one wire message into one of these; the session package decides what it means.
`Notice` stands for every message without anything to measure. Identifiers are the
provider's, and an API that has none leaves them empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from harness.model.audio import AudioFormat
from harness.model.turn import TokenUsage


@dataclass(frozen=True, slots=True)
class SessionConfigured:
    """The server acknowledged a configuration; what it does not name is empty or `None`.

    Attributes:
        acknowledged: Its turn detection, as JSON.
        output: How it writes the audio of responses.
        output_unknown: Its own name of a format that is not known.
        input: How it reads the caller's audio.
        input_unknown: Its own name of a format that is not known.
        silence_ms: Silence that ends the caller's turn.
        tools: Names of the tools it knows of.
        detection: Its kind of turn detection, by the provider's name.
        detects_turns: Whether it detects turns at all.
        answers: Whether it answers a turn without being asked to.
        speaks: Whether its responses are spoken.
        old_words: The session is described in words that the API has since replaced.
        told: The whole session in the server's words, as it came; no part of the event's value.
    """

    acknowledged: str = ""
    provider_session_id: str = ""
    model: str = ""
    output: AudioFormat | None = None
    output_unknown: str = ""
    input: AudioFormat | None = None
    input_unknown: str = ""
    silence_ms: int | None = None
    voice: str = ""
    tools: tuple[str, ...] | None = None
    detection: str = ""
    detects_turns: bool | None = None
    answers: bool | None = None
    speaks: bool | None = None
    old_words: bool = False
    told: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def after(self, before: "SessionConfigured | None") -> "SessionConfigured":
        """Return the same, with the formats stated `before` where this one names none."""
        kept: dict[str, Any] = {}
        for side in ("input", "output") if before is not None else ():
            names = side, f"{side}_unknown"
            if not any(getattr(self, name) for name in names):
                kept |= {name: getattr(before, name) for name in names}
        return replace(self, **kept)


@dataclass(frozen=True, slots=True)
class SessionCreated:
    """The session exists. Only now is it open; an accepted upgrade proves nothing.

    Attributes:
        provider_session_id: The provider's name for the session.
        model: The model it named.
        formats: How audio is written until settings are acknowledged, and nothing else; `None`
            where the server says nothing of it.
    """

    provider_session_id: str = ""
    model: str = ""
    formats: SessionConfigured | None = None


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
class CallerTranscript:
    """What the server understood of the caller.

    Attributes:
        item_id: The caller's item.
        text: The words; `None` where they could not be told.
    """

    item_id: str
    text: str | None


class OfResponse:
    """What belongs to one response.

    Attributes:
        response_id: Which; empty where the API does not say.
    """

    __slots__ = ()
    response_id: str


@dataclass(frozen=True, slots=True)
class ResponseCreated(OfResponse):
    """A response was begun."""

    response_id: str = ""


@dataclass(frozen=True, slots=True)
class AudioDelta(OfResponse):
    """A piece of the response's audio, not decoded yet: most of it is only counted.

    Attributes:
        audio: The audio as the message carries it; the dialect's `AudioDecoder` reads it. Where
            responses are text, the UTF-8 of what the carrier is to speak.
        item_id: The item it belongs to.
    """

    audio: bytes
    response_id: str = ""
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class TextDelta(OfResponse):
    """A piece of the response's text or transcript.

    Attributes:
        text: The words, for scenarios that react to them; no record keeps them.
    """

    response_id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall(OfResponse):
    """The model asks for a tool to be run."""

    call_id: str
    name: str
    arguments: str
    response_id: str = ""


class ResponseStatus(StrEnum):
    """How a response ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    INCOMPLETE = "incomplete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ResponseDone(OfResponse):
    """A response ended.

    Attributes:
        status: How.
        code: The provider's error or reason code when it did not complete.
        detail: The provider's words, bounded by the dialect.
        usage: Tokens, when the provider reports them with it.
        tool_calls: Tool calls among its output; some servers announce them nowhere else.
    """

    response_id: str
    status: ResponseStatus
    code: str = ""
    detail: str = ""
    usage: TokenUsage | None = None
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class TokensReported(OfResponse):
    """The server tells what a response took, apart from its end, before or after it.

    Attributes:
        usage: Tokens that no other event tells: several reports of one response add up.
    """

    response_id: str
    usage: TokenUsage


@dataclass(frozen=True, slots=True)
class ProviderError:
    """An error message. It is not fatal; only a close is.

    Attributes:
        code: The provider's code.
        detail: The provider's words, bounded by the dialect.
        of_settings: Whether it refuses the session's settings; `None` where the server does not
            say what it is about.
    """

    code: str
    detail: str
    of_settings: bool | None = None


@dataclass(frozen=True, slots=True)
class PlaybackMark:
    """The agent asks to be told when the audio it sent before this has been played.

    Attributes:
        name: What it calls this place; told again as it came.
    """

    name: str


@dataclass(frozen=True, slots=True)
class PlaybackCleared:
    """The agent takes back what it has sent and the caller has not heard yet."""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The agent has ended the call: what it has sent is heard out, and nothing more is said.

    Attributes:
        reason: Why, in its words, bounded by the dialect; empty where it does not say.
    """

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Owed:
    """A message of the server that has to be answered at once, such as a ping of its own.

    Attributes:
        message: The answer, in the server's words.
    """

    message: bytes


@dataclass(frozen=True, slots=True)
class Notice:
    """A message without anything to measure; `name` is the vendor's name of it."""

    name: str


# A server that sends one of these has a session, whether or not it announced it.
PROVES_SESSION = (
    SessionCreated,
    SessionConfigured,
    SpeechStarted,
    SpeechStopped,
    InputCommitted,
    ResponseCreated,
    AudioDelta,
)

Event = (
    SessionCreated
    | SessionConfigured
    | SpeechStarted
    | SpeechStopped
    | InputCommitted
    | CallerTranscript
    | ResponseCreated
    | AudioDelta
    | TextDelta
    | ToolCall
    | ResponseDone
    | TokensReported
    | ProviderError
    | PlaybackMark
    | PlaybackCleared
    | CallEnded
    | Owed
    | Notice
)
