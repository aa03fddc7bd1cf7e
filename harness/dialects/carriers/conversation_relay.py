"""Phone calls as text: Twilio's ConversationRelay, and Telnyx's Conversation Relay.

The carrier recognises and speaks: the application is sent the caller's words as a prompt, and
answers with pieces of text, the last of which says so. No audio goes either way. What differs from
carrier to carrier is in a `RelayTable`.

Text names no response. The first text after a prompt begins the response to it; an application that
goes on with an interrupted response after the next prompt cannot be told from one that answers.
An end without any text before it is therefore taken for the rest of a response that was cut off.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from harness.dialects.base import (
    DialectFacts,
    DialectSession,
    IncomingCall,
    MalformedMessage,
    SessionSettings,
)
from harness.dialects.carriers.signature import signature
from harness.dialects.carriers.twiml import stream_of
from harness.dialects.carriers.webhook import announcement, twilio_form
from harness.dialects.lenient import decoded, flag, mapping, text
from harness.dialects.plain import PlainDialect, PlainSession
from harness.dialects.raw_audio import RawAudio
from harness.errors import sanitised
from harness.model import (
    AudioDecoder,
    AudioDelta,
    AudioFormat,
    CallEnded,
    CommitTurn,
    Event,
    Interrupted,
    Notice,
    PressKey,
    Request,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    TextDelta,
)

_encode = msgspec.json.Encoder().encode
_NOUN = "ConversationRelay"
_DONE = ResponseDone("", ResponseStatus.COMPLETED)


@dataclass(frozen=True, slots=True)
class RelayIds:
    """What a carrier calls one call."""

    session: str
    call: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayTable:
    """What one carrier's messages are made of.

    Attributes:
        name: The dialect's name.
        facts: What an application tells, and the source.
        ids: Makes a call's identifiers from 32 hexadecimal digits.
        setup: The first message, without the parameters that the application asks to be told.
        language: The language that prompts are said to be in.
        signature_header: Header that signs the webhook and the upgrade request, empty for none.
    """

    name: str
    facts: DialectFacts
    ids: Callable[[str], RelayIds]
    setup: Callable[[RelayIds], dict[str, Any]]
    language: str
    signature_header: str = ""


class ConversationRelay(PlainDialect):
    """The `Dialect` of applications that a carrier brings callers to as text.

    Args:
        table: Which carrier.
    """

    # Of the caller's speech only the time that it takes is needed.
    audio = AudioFormat(rate_hz=8_000)

    def __init__(self, table: RelayTable) -> None:
        self.name, self.facts, self._table = table.name, table.facts, table

    def open(self, identity: str) -> DialectSession:
        """Return one call's socket, with identifiers made of `identity`."""
        return _Relay(self._table, self._table.ids(identity))

    def headers(self, api_key: str | None, address: str) -> list[tuple[str, str]]:
        """Return the signature by which an application knows its carrier, where one is in use."""
        if api_key is None or not self._table.signature_header:
            return []
        return [(self._table.signature_header, signature(api_key, address))]

    def detection(self, _settings: SessionSettings) -> Mapping[str, Any] | None:
        """Return `None`: the carrier decides when the caller has finished, and harness is it."""
        return None

    def append_audio(self, _frame: bytes) -> bytes:
        """Return nothing: speech is not sent."""
        return b""

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return a decoder of bare samples, of which there are none."""
        return RawAudio(audio)


class _Relay(PlainSession):
    """One call's socket; knows whether a response has begun since the last prompt."""

    def __init__(self, table: RelayTable, ids: RelayIds) -> None:
        self.identifier, self.call_name = ids.session, ids.call
        self._table, self._ids = table, ids
        self._parameters: Mapping[str, str] = {}
        self._responds = False

    def incoming(
        self, api_key: str | None, address: str, _settings: SessionSettings
    ) -> IncomingCall:
        """Return the form that tells of the call, signed where a token is in use."""
        form = twilio_form(self._ids.call, self._ids.account)
        return announcement(form, self._table.signature_header, api_key, address)

    def answered(self, document: bytes) -> str:
        """Take the webhook's answer: the socket's address, and its parameters for the setup.

        Raises:
            MalformedMessage: It connects the call to no relay.
        """
        found = stream_of(document, _NOUN)
        self._parameters = found.parameters
        return found.address

    def opening(self) -> list[bytes]:
        """Return the message that tells of the call."""
        return [_encode({**self._table.setup(self._ids), "customParameters": self._parameters})]

    def request(self, request: Request) -> list[bytes]:
        """Return what the carrier tells of the caller: words, a key, or an interruption."""
        match request:
            case CommitTurn(words) if words:
                self._responds = False
                told = {"voicePrompt": words, "lang": self._table.language, "last": True}
                return [_encode({"type": "prompt", **told})]
            case PressKey(key):
                self._responds = False
                return [_encode({"type": "dtmf", "digit": key})]
            case Interrupted(heard, heard_ms):
                told = {"utteranceUntilInterrupt": heard, "durationUntilInterruptMs": heard_ms}
                return [_encode({"type": "interrupt", **told})]
        return []

    def parse(self, message: bytes) -> tuple[Event, ...]:
        """Turn one message of the application into events.

        Raises:
            MalformedMessage: It is none of the messages that a relay takes; carriers ignore such a
                message, so that the caller hears nothing of it.
        """
        said = mapping(decoded(message))
        match text(said.get("type")):
            case "text":
                return self._text(said)
            case "end":
                return (CallEnded(),)
            case "":
                raise MalformedMessage("a message without a type")
            case other:
                return (Notice(sanitised(other)),)

    def _text(self, said: Mapping[str, Any]) -> tuple[Event, ...]:
        token, last = said.get("token", ""), flag(said.get("last"))
        if not isinstance(token, str):
            raise MalformedMessage("a text whose token is no text")
        if not token and not self._responds:
            return (Notice("text"),)
        events: list[Event] = [] if self._responds else [ResponseCreated()]
        if token:
            events += [TextDelta("", token), AudioDelta(token.encode(errors="replace"))]
        self._responds = not last
        return (*events, _DONE) if last else tuple(events)
