"""Phone calls over a socket in JSON: Twilio's Media Streams, and the carriers that resemble them.

The caller's audio goes out as numbered messages; the application sends audio of its own, marks to
be told when that has been played, and a message that takes back what has not. It reports nothing
about turns: their end, and the responses, are found in the audio. What differs from carrier to
carrier is in a `StreamTable`.

How real carriers behave under load is not documented: what is measured is the application at the
carrier's edge, without the phone network behind it.
"""

import base64
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
from harness.dialects.base64_audio import Base64Audio
from harness.dialects.carriers.signature import signature
from harness.dialects.carriers.twiml import stream_of
from harness.dialects.carriers.webhook import announcement
from harness.dialects.plain import PlainDialect, PlainSession
from harness.errors import sanitised
from harness.model import (
    AudioDecoder,
    AudioDelta,
    AudioFormat,
    Encoding,
    Event,
    Notice,
    PlaybackCleared,
    PlaybackMark,
    PressKey,
    Request,
    SessionConfigured,
)

_MOST_NAME_CHARS = 1_000
_ENCODINGS = {"audio/x-mulaw": Encoding.MULAW, "audio/x-l16": Encoding.PCM16}


@dataclass(frozen=True, slots=True)
class StreamIds:
    """What a carrier calls one call."""

    stream: str
    call: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTable:
    """What one carrier's messages are called and made of.

    Attributes:
        name: The dialect's name.
        audio: Format in both directions.
        facts: What an application tells, and the source.
        ids: Makes a call's identifiers from 32 hexadecimal digits.
        connected: The first message, `None` where there is none.
        start: The message that begins a stream, without its number.
        stop: The message that ends it, without its number; `None` where the socket just closes.
        key: What tells of a pressed key of the telephone.
        stream: Key of the stream's identifier.
        sequence: Key of a message's number.
        first_number: Number of the first message that has one.
        quotes_numbers: Numbers are text.
        names_track: Audio names its track, `inbound`.
        beside_frames: What audio messages have besides, as JSON with a comma after it.
        demands_stream: Messages of the application that do not name the stream are ignored; those
            that name another one always are.
        play: The application's audio.
        mark: The application's mark.
        marked: Makes a mark that comes back, of the stream's identifier and the mark's name.
        numbers_marks: Marks that come back are numbered as other messages are.
        flat_marks: A mark's name stands beside the event, not in an object of its own.
        clear: The application takes back its audio.
        cleared: What answers that, empty for nothing.
        signature_header: Header that signs the webhook and the upgrade request, empty for none.
        incoming: The form of the webhook of an incoming call, `None` where there is none.
        parameters: Key, in the start, of what the webhook's answer asks to be told there.
    """

    name: str
    audio: AudioFormat
    facts: DialectFacts
    ids: Callable[[str], StreamIds]
    connected: Mapping[str, Any] | None
    start: Callable[[StreamIds, AudioFormat], dict[str, Any]]
    stop: Callable[[StreamIds], dict[str, Any]] | None
    key: Callable[[str], dict[str, Any]]
    stream: str
    sequence: str
    first_number: int = 1
    quotes_numbers: bool = True
    names_track: bool = True
    beside_frames: str = ""
    demands_stream: bool = True
    play: str = "media"
    mark: str = "mark"
    marked: Callable[[str, str], dict[str, Any]]
    numbers_marks: bool = True
    flat_marks: bool = False
    clear: str = "clear"
    cleared: str = ""
    signature_header: str = ""
    incoming: Callable[[StreamIds], dict[str, str]] | None = None
    parameters: str = ""


class _Media(msgspec.Struct):
    payload: str
    contentType: str = ""  # noqa: N815
    sampleRate: int | str | None = None  # noqa: N815


class _Mark(msgspec.Struct):
    name: str = ""


class _Message(msgspec.Struct):
    """What any application may say; each carrier has its own key for the stream."""

    event: str
    streamSid: str = ""  # noqa: N815
    streamId: str = ""  # noqa: N815
    stream_sid: str = ""
    stream_id: str = ""
    media: _Media | None = None
    mark: _Mark | None = None
    name: str = ""


_decode = msgspec.json.Decoder(_Message).decode
_encode = msgspec.json.Encoder().encode


class MediaStream(PlainDialect):
    """The `Dialect` of applications that speak to callers through a carrier.

    Args:
        table: Which carrier.
    """

    def __init__(self, table: StreamTable) -> None:
        self.name, self.audio, self.facts = table.name, table.audio, table.facts
        self._table = table

    def open(self, identity: str) -> DialectSession:
        """Return one call's stream, with identifiers made of `identity`."""
        return _Stream(self._table, self._table.ids(identity))

    def headers(self, api_key: str | None, address: str) -> list[tuple[str, str]]:
        """Return the signature by which an application knows its carrier, where one is in use."""
        if api_key is None or not self._table.signature_header:
            return []
        return [(self._table.signature_header, signature(api_key, address))]

    def append_audio(self, frame: bytes) -> bytes:
        """Return the end of an audio message, which is the same in every stream."""
        return base64.b64encode(frame) + b'"}}'

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return a decoder of base64."""
        return Base64Audio(audio)


class _Stream(PlainSession):
    """One call's stream: its identifiers, and the numbers of its messages."""

    def __init__(self, table: StreamTable, ids: StreamIds) -> None:
        self.identifier, self.call_name = ids.stream, ids.call
        self._table, self._ids, self._audio = table, ids, table.audio
        self._number, self._chunks = table.first_number, 0
        self._parameters: Mapping[str, str] = {}
        self._head = _media_head(table, ids)

    def incoming(
        self, api_key: str | None, address: str, _settings: SessionSettings
    ) -> IncomingCall:
        """Return the form that tells of the call, signed where a token is in use."""
        table = self._table
        form = {} if table.incoming is None else table.incoming(self._ids)
        return announcement(form, table.signature_header, api_key, address)

    def answered(self, document: bytes) -> str:
        """Take the webhook's answer: the stream's address, and its parameters for the start.

        Raises:
            MalformedMessage: It connects the call to no stream.
        """
        found = stream_of(document)
        self._parameters = found.parameters
        return found.address

    def opening(self) -> list[bytes]:
        """Return the messages that begin a stream."""
        table = self._table
        first = [] if table.connected is None else [_encode(table.connected)]
        start = table.start(self._ids, table.audio)
        if table.parameters:
            start["start"][table.parameters] = self._parameters
        return [*first, self._numbered(start)]

    def frame(self, encoded: bytes) -> bytes:
        """Return the next audio message; its timestamp is that of the plan, not of the clock."""
        number, chunk = self._number, self._chunks
        self._number, self._chunks = number + 1, chunk + 1
        stamp_ms = chunk * self._table.facts.frame_ms
        return self._head % (number, chunk + 1, stamp_ms) + encoded

    def request(self, request: Request) -> list[bytes]:
        """Return the message of a pressed key; nothing else is asked of an application."""
        if not isinstance(request, PressKey):
            return []
        told = {"event": "dtmf", self._table.stream: self.identifier}
        return [self._numbered({**told, "dtmf": self._table.key(request.key)})]

    def mark_played(self, name: str) -> list[bytes]:
        """Return the mark as it came."""
        message = self._table.marked(self.identifier, name)
        return [self._numbered(message) if self._table.numbers_marks else _encode(message)]

    def playback_cleared(self) -> list[bytes]:
        """Return the carrier's answer to an application that takes back its audio."""
        table = self._table
        if not table.cleared:
            return []
        return [self._numbered({"event": table.cleared, table.stream: self.identifier})]

    def closing(self) -> list[bytes]:
        """Return the message that ends a stream: the caller has hung up."""
        stop = self._table.stop
        return [] if stop is None else [self._numbered(stop(self._ids))]

    def parse(self, message: bytes) -> tuple[Event, ...]:
        """Turn one message of the application into events.

        Raises:
            MalformedMessage: It is not of the form that the carrier asks for, or names another
                stream; carriers ignore such messages, so that the caller hears nothing of them.
        """
        table = self._table
        try:
            said = _decode(message)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise MalformedMessage("not a message of a media stream") from error
        stream = getattr(said, table.stream)
        if stream != self.identifier and (stream or table.demands_stream):
            raise MalformedMessage("the message names another stream, or none")
        if said.event == table.play:
            return self._play(said.media)
        if said.event == table.mark:
            return (_mark(said, flat=table.flat_marks),)
        if said.event == table.clear:
            return (PlaybackCleared(),)
        return (Notice(sanitised(said.event)),)

    def _play(self, media: _Media | None) -> tuple[Event, ...]:
        if media is None:
            raise MalformedMessage("a message of audio without audio")
        delta = AudioDelta(media.payload.encode())
        announced = _announced(media, self._audio)
        if announced == self._audio:
            return (delta,)
        self._audio = announced
        return SessionConfigured(output=announced), delta

    def _numbered(self, message: Mapping[str, Any]) -> bytes:
        table, number = self._table, self._number
        self._number += 1
        shown = str(number) if table.quotes_numbers else number
        return _encode({**message, table.sequence: shown})


def _media_head(table: StreamTable, ids: StreamIds) -> bytes:
    """Return the beginning of an audio message, with places for number, chunk and timestamp."""
    number = '"%d"' if table.quotes_numbers else "%d"
    track = '"track":"inbound",' if table.names_track else ""
    return (
        f'{{"event":"media","{table.stream}":"{ids.stream}","{table.sequence}":{number},'
        f'{table.beside_frames}"media":{{{track}"chunk":{number},"timestamp":"%d","payload":"'
    ).encode()


def _mark(said: _Message, *, flat: bool) -> PlaybackMark:
    if not flat and said.mark is None:
        raise MalformedMessage("a mark without a name")
    name = said.name if flat or said.mark is None else said.mark.name
    return PlaybackMark(name[:_MOST_NAME_CHARS])


def _announced(media: _Media, audio: AudioFormat) -> AudioFormat:
    """Return the format that a message of audio names for itself, where the carrier lets it."""
    encoding = _ENCODINGS.get(media.contentType.partition(";")[0].lower())
    if encoding is None:
        return audio
    try:
        return AudioFormat(int(media.sampleRate or audio.rate_hz), encoding)
    except ValueError:
        return audio
