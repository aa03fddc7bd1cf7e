"""Vonage Voice, with harness in Vonage's place: binary audio, and commands in JSON.

Source: Vonage, "WebSockets in the Vonage Voice API" (A); what becomes of notices that are cleared
is not documented there, so that they do not come back here (C).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from harness.dialects.base import DialectFacts, DialectSession, MalformedMessage, SessionSettings
from harness.dialects.carriers.tables import carrier_facts
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
    Request,
    SessionConfigured,
    SettingAnswer,
)

RATES_HZ = (16_000, 8_000, 24_000)
"""Sample rates that an application may ask for; the first is what most ask for."""

_MOST_NAME_CHARS = 4_000


class _Command(msgspec.Struct):
    action: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"{}")


_decode = msgspec.json.Decoder(_Command).decode
_encode = msgspec.json.Encoder().encode


class Vonage:
    """The `Dialect` of applications that speak to callers through Vonage.

    Args:
        rate_hz: Sample rate in both directions, one of `RATES_HZ`.
    """

    name = "vonage"
    default_model = ""
    facts: DialectFacts = carrier_facts(
        "Vonage, WebSockets in the Vonage Voice API", stamps_frames=False, returns_cleared=False
    )

    def __init__(self, rate_hz: int = RATES_HZ[0]) -> None:
        self.audio = AudioFormat(rate_hz=rate_hz)

    def open(self, identity: str) -> DialectSession:
        """Return one call's socket; its messages are not numbered."""
        return _Call(self.audio, identity)

    def path(self, _settings: SessionSettings) -> str:
        """Return the root: every application has a path of its own."""
        return "/"

    def headers(self, _api_key: str | None, _address: str) -> list[tuple[str, str]]:
        """Return nothing: how an application knows its carrier is not documented."""
        return []

    def asked(self, _settings: SessionSettings) -> Mapping[str, Any]:
        """Return nothing: an application configures itself."""
        return {}

    def detection(self, _settings: SessionSettings) -> Mapping[str, Any]:
        """Return nothing: how it detects turns is the application's affair."""
        return {}

    def commits(self, _settings: SessionSettings) -> bool:
        """Return that the application detects turns."""
        return False

    def configure(self, _settings: SessionSettings) -> list[bytes]:
        """Return nothing: an application configures itself."""
        return []

    def append_audio(self, frame: bytes) -> bytes:
        """Return the frame as a binary message."""
        return BinaryMessage(frame)

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return a decoder of bare samples."""
        return RawAudio(audio)

    def old_name(self, _message: bytes) -> str:
        """Return nothing: no message was renamed."""
        return ""

    def differences(
        self, _settings: SessionSettings, _acknowledged: SessionConfigured
    ) -> tuple[str, ...]:
        """Return nothing: an application acknowledges nothing."""
        return ()

    def answers(
        self, _settings: SessionSettings, _acknowledged: SessionConfigured
    ) -> tuple[SettingAnswer, ...]:
        """Return nothing: an application acknowledges nothing."""
        return ()


class _Call:
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

    def frame(self, encoded: bytes) -> bytes:
        """Return the message as it is."""
        return encoded

    def request(self, _request: Request) -> list[bytes]:
        """Return nothing: a carrier has no words for it."""
        return []

    def mark_played(self, name: str) -> list[bytes]:
        """Return the notice as it came."""
        return [b'{"event":"websocket:notify","payload":' + name.encode() + b"}"]

    def playback_cleared(self) -> list[bytes]:
        """Return the answer to an application that takes back its audio."""
        return [_encode({"event": "websocket:cleared"})]

    def closing(self) -> list[bytes]:
        """Return nothing: closing the socket ends the call."""
        return []

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
                return (PlaybackMark(bytes(said.payload).decode()),)
            case "":
                raise MalformedMessage("a message without an action")
            case other:
                return (Notice(sanitised(other)),)
