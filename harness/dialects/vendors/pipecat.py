"""Pipecat's own socket: protobuf frames in both directions, with RTVI messages among them.

Sources: Pipecat 1.14, `frames.proto` and `ProtobufFrameSerializer`; RTVI standard 1.0; grade A. A
bot need not speak RTVI: then nobody reports the caller's turns.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from harness.dialects.base import DialectFacts, DialectSession, MalformedMessage, SessionSettings
from harness.dialects.plain import PlainDialect, PlainSession
from harness.dialects.raw_audio import RawAudio
from harness.errors import sanitised, server_words
from harness.model import (
    AudioDecoder,
    AudioDelta,
    AudioFormat,
    BinaryMessage,
    Event,
    Notice,
    PlaybackCleared,
    ProviderError,
    SessionConfigured,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
)

_RATE_HZ = 16_000
# Members of the union `Frame`, and the fields of its members that are used.
_FRAMES = {1: "text", 2: "audio", 3: "transcription", 4: "message", 5: "interruption"}
_AUDIO, _AUDIO_BYTES, _AUDIO_RATE, _AUDIO_CHANNELS = 2, 3, 4, 5
_MESSAGE, _MESSAGE_DATA, _INTERRUPTION = 4, 1, 5
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MOST_VARINT_BYTES = 10
_RTVI_VERSION = "1.0.0"


class _Rtvi(msgspec.Struct):
    type: str = ""
    data: Any = None


_decode = msgspec.json.Decoder(_Rtvi).decode
_encode = msgspec.json.Encoder().encode


class Pipecat(PlainDialect):
    """The `Dialect` of a bot's own socket."""

    name = "pipecat"
    audio = AudioFormat(rate_hz=_RATE_HZ)
    facts = DialectFacts(
        announces_session=False,
        takes_session=False,
        takes_model=False,
        takes_silence=False,
        acknowledges_settings=False,
        announces_responses=False,
        ends_responses=False,
        calls_tools=False,
        reports_usage=False,
        sends_key=False,
        source="Pipecat 1.14, frames.proto; RTVI 1.0",
        as_of="2026-11-29",
    )

    def open(self, identity: str) -> DialectSession:
        """Return a session, which remembers how the bot writes its audio."""
        return _Session(identity, self.audio)

    def path(self, _settings: SessionSettings) -> str:
        """Return the path of Pipecat's own runner."""
        return "/ws-client"

    def append_audio(self, frame: bytes) -> bytes:
        """Return the frame as a binary message."""
        inner = _field(_AUDIO_BYTES, frame)
        inner += _number(_AUDIO_RATE, self.audio.rate_hz) + _number(_AUDIO_CHANNELS, 1)
        return BinaryMessage(_field(_AUDIO, inner))

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return a decoder of bare samples."""
        return RawAudio(audio)


class _Session(PlainSession):
    """One session.

    Args:
        identity: Its name, by which the bot may call it too.
        audio: How the bot writes its audio until it says otherwise.
    """

    def __init__(self, identity: str, audio: AudioFormat) -> None:
        self.identifier, self._audio = identity, audio

    def opening(self) -> list[bytes]:
        """Return the message by which RTVI begins; a bot that does not speak it passes it over."""
        about = {"library": "harness"}
        ready = {"label": "rtvi-ai", "type": "client-ready", "id": self.identifier}
        said = {**ready, "data": {"version": _RTVI_VERSION, "about": about}}
        return [BinaryMessage(_field(_MESSAGE, _field(_MESSAGE_DATA, _encode(said))))]

    def parse(self, message: bytes) -> tuple[Event, ...]:
        """Turn one message of the bot into events.

        Raises:
            MalformedMessage: It is no frame.
        """
        if not isinstance(message, BinaryMessage):
            raise MalformedMessage("a text where frames are binary")
        events: list[Event] = []
        for number, content in _fields(message):
            if not isinstance(content, bytes):
                raise MalformedMessage("not a frame")
            if number == _AUDIO:
                events += self._hear(dict(_fields(content)))
            elif number == _MESSAGE:
                events.append(_told(dict(_fields(content)).get(_MESSAGE_DATA, b"")))
            elif number == _INTERRUPTION:
                events.append(PlaybackCleared())
            else:
                events.append(Notice(_FRAMES.get(number, f"frame {number}")))
        if not events:
            raise MalformedMessage("an empty frame")
        return tuple(events)

    def _hear(self, fields: dict[int, bytes | int]) -> list[Event]:
        samples, rate_hz = fields.get(_AUDIO_BYTES, b""), fields.get(_AUDIO_RATE, 0)
        if not isinstance(samples, bytes) or fields.get(_AUDIO_CHANNELS, 1) != 1:
            raise MalformedMessage("audio of another kind than bare samples in one channel")
        delta = AudioDelta(samples)
        if rate_hz == self._audio.rate_hz or not rate_hz:
            return [delta]
        try:
            self._audio = AudioFormat(int(rate_hz))
        except ValueError as error:
            raise MalformedMessage("audio of no sample rate") from error
        return [SessionConfigured(output=self._audio), delta]


def _told(data: bytes | int) -> Event:
    """Return what an RTVI message reports."""
    try:
        said = _decode(data if isinstance(data, bytes) else b"")
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MalformedMessage("a message that is no JSON") from error
    told = said.data if isinstance(said.data, dict) else {}
    match said.type:
        case "user-started-speaking":
            return SpeechStarted()
        case "user-stopped-speaking":
            return SpeechStopped()
        case "bot-transcription":
            return TextDelta("", f"{told.get('text', '')} ")
        case "error":
            words = told.get("message") or told.get("error") or ""
            return ProviderError("error", server_words(words))
        case other:
            return Notice(sanitised(other))


def _varint(value: int) -> bytes:
    """Return a number as protobuf writes it: seven bits a byte, the lowest first."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value)


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yield the fields of a protobuf message, numbers and contents.

    Raises:
        MalformedMessage: It ends too early, or has a field of no known kind.
    """
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _read_varint(message, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, at = _read_varint(message, at)
        elif kind in (_FIXED32, _FIXED64):
            length = 4 if kind == _FIXED32 else 8
        else:
            raise MalformedMessage(f"a field of kind {kind}")
        if at + length > len(message):
            raise MalformedMessage("a field that ends after its message")
        yield key >> 3, bytes(message[at : at + length])
        at += length


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, and the place after it."""
    value = 0
    for place in range(_MOST_VARINT_BYTES):
        if at + place >= len(message):
            break
        byte = message[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise MalformedMessage("a number that does not end")
