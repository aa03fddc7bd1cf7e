"""Vonage Voice, with harness in Vonage's place: binary audio, and commands in JSON.

Source: Vonage, "WebSockets in the Vonage Voice API" (A); what becomes of notices that are cleared
is not documented there, so that they do not come back here (C).
"""

import msgspec

from harness.dialects.base import DialectFacts, DialectSession, MalformedMessage
from harness.dialects.carriers.tables import carrier_facts
from harness.dialects.lenient import raw_text
from harness.dialects.plain import PlainDialect, PlainSession
from harness.dialects.raw_audio import RawAudio
from harness.errors import sanitised
from harness.model import (
    AudioDecoder,
    AudioDelta,
    AudioFormat,
    BinaryMessage,
    Event,
    Notice,
    PlaybackCleared,
    PlaybackMark,
    PressKey,
    Request,
)

RATES_HZ = (16_000, 8_000, 24_000)
"""Sample rates that an application may ask for; the first is what most ask for."""

_MOST_NAME_CHARS = 4_000


_TONE_MS = 100


class _Command(msgspec.Struct):
    action: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"{}")


_decode = msgspec.json.Decoder(_Command).decode
_encode = msgspec.json.Encoder().encode


class Vonage(PlainDialect):
    """The `Dialect` of applications that speak to callers through Vonage.

    Args:
        rate_hz: Sample rate in both directions, one of `RATES_HZ`.
    """

    name = "vonage"
    facts: DialectFacts = carrier_facts(
        "Vonage, WebSockets in the Vonage Voice API", stamps_frames=False, returns_cleared=False
    )

    def __init__(self, rate_hz: int = RATES_HZ[0]) -> None:
        self.audio = AudioFormat(rate_hz=rate_hz)

    def open(self, identity: str) -> DialectSession:
        """Return one call's socket; its messages are not numbered."""
        return _Call(self.audio, identity)

    def append_audio(self, frame: bytes) -> bytes:
        """Return the frame as a binary message."""
        return BinaryMessage(frame)

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return a decoder of bare samples."""
        return RawAudio(audio)


class _Call(PlainSession):
    """One call's socket."""

    def __init__(self, audio: AudioFormat, identity: str) -> None:
        self._audio, self.identifier = audio, identity

    def opening(self) -> list[bytes]:
        """Return the message that says how the audio is written.

        It also has what an answer to the webhook calls headers, of which there is one: the call.
        """
        kind = f"audio/l16;rate={self._audio.rate_hz}"
        first = {"event": "websocket:connected", "content-type": kind, "call": self.identifier}
        return [_encode(first)]

    def request(self, request: Request) -> list[bytes]:
        """Return the message of a pressed key; nothing else is asked of an application."""
        if not isinstance(request, PressKey):
            return []
        return [_encode({"event": "websocket:dtmf", "digit": request.key, "duration": _TONE_MS})]

    def mark_played(self, name: str) -> list[bytes]:
        """Return the notice as it came."""
        return [b'{"event":"websocket:notify","payload":' + name.encode() + b"}"]

    def playback_cleared(self) -> list[bytes]:
        """Return the answer to an application that takes back its audio."""
        return [_encode({"event": "websocket:cleared"})]

    def parse(self, message: bytes) -> tuple[Event, ...]:
        """Turn one message of the application into events.

        Raises:
            MalformedMessage: A text that is no command.
        """
        if isinstance(message, BinaryMessage):
            return (AudioDelta(message),)
        try:
            said = _decode(message)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise MalformedMessage("not a command") from error
        match said.action:
            case "clear":
                return (PlaybackCleared(),)
            case "notify" if len(said.payload) <= _MOST_NAME_CHARS:
                return (PlaybackMark(raw_text(said.payload)),)
            case "":
                raise MalformedMessage("a message without an action")
            case other:
                return (Notice(sanitised(other)),)
