"""Twilio Media Streams, with harness in Twilio's place: it dials the application's socket.

The caller's audio goes out as numbered `media` messages; the application sends `media` of its own,
`mark` to be told when that has been played, and `clear` to take back what has not. It reports
nothing about turns: their end, and the responses, are found in the audio.

Source: Twilio, "Media Streams - WebSocket messages", and what public applications rely on, as of
November 2026. How a real carrier behaves under load is not documented: what is measured is the
application at the carrier's edge, without the phone network behind it.
"""

import base64

import msgspec

from harness.dialects.base import (
    DialectFacts,
    DialectSession,
    MalformedMessage,
    Role,
    SessionSettings,
)
from harness.dialects.base64_audio import Base64Audio
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
    Request,
    SessionConfigured,
)

_RATE_HZ = 8_000
_FRAME_MS = 20
_MOST_NAME_CHARS = 1_000


class _Media(msgspec.Struct):
    payload: str


class _Mark(msgspec.Struct):
    name: str = ""


# What an application may say; `streamSid` is demanded of each message.
class _Message(msgspec.Struct):
    event: str
    streamSid: str = ""  # noqa: N815
    media: _Media | None = None
    mark: _Mark | None = None


_decode = msgspec.json.Decoder(_Message).decode
_encode = msgspec.json.Encoder().encode


class TwilioMediaStreams:
    """The `Dialect` of applications that speak to callers through Twilio."""

    name = "twilio"
    default_model = ""
    audio = AudioFormat(rate_hz=_RATE_HZ, encoding=Encoding.MULAW)
    facts = DialectFacts(
        role=Role.CARRIER,
        stamps_frames=True,
        announces_session=False,
        acknowledges_settings=False,
        reports_endpoint=False,
        announces_responses=False,
        marks_playback=True,
        returns_cleared_marks=True,
        calls_tools=False,
        reports_usage=False,
        source="Twilio, Media Streams - WebSocket messages",
        as_of="2026-11-28",
    )

    def open(self, identity: str) -> DialectSession:
        """Return one call's stream, with identifiers made of `identity`."""
        return _Stream(identity)

    def path(self, _settings: SessionSettings) -> str:
        """Return the root: every application has a path of its own."""
        return "/"

    def headers(self, api_key: str | None) -> list[tuple[str, str]]:
        """Return the bearer header, which Twilio sends to no application, where a key is set."""
        return [] if api_key is None else [("Authorization", f"Bearer {api_key}")]

    def configure(self, _settings: SessionSettings) -> list[bytes]:
        """Return nothing: an application configures itself."""
        return []

    def append_audio(self, frame: bytes) -> bytes:
        """Return the end of a `media` message, which is the same in every stream."""
        return base64.b64encode(frame) + b'"}}'

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return a decoder of base64."""
        return Base64Audio(audio)

    def old_name(self, _message: bytes) -> str:
        """Return nothing: no message was renamed."""
        return ""

    def differences(
        self, _settings: SessionSettings, _acknowledged: SessionConfigured
    ) -> tuple[str, ...]:
        """Return nothing: an application acknowledges nothing."""
        return ()


class _Stream:
    """One call's stream: its identifiers, and the numbers of its messages."""

    def __init__(self, identity: str) -> None:
        self.identifier = f"MZ{identity}"
        self._call, self._account = f"CA{identity}", f"AC{identity[::-1]}"
        self._sequence = self._chunks = 0
        self._head = (
            b'{"event":"media","streamSid":"%s","sequenceNumber":"%%d","media":'
            b'{"track":"inbound","chunk":"%%d","timestamp":"%%d","payload":"'
        ) % self.identifier.encode()

    def opening(self) -> list[bytes]:
        """Return `connected` and `start`."""
        start: dict[str, object] = {
            "accountSid": self._account,
            "callSid": self._call,
            "streamSid": self.identifier,
            "tracks": ["inbound"],
            "customParameters": {},
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": _RATE_HZ, "channels": 1},
        }
        connected = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        return [_encode(connected), self._numbered("start", start)]

    def frame(self, encoded: bytes) -> bytes:
        """Return the next `media`; its timestamp is that of the plan, not of the clock."""
        self._sequence += 1
        self._chunks += 1
        stamp_ms = (self._chunks - 1) * _FRAME_MS
        return self._head % (self._sequence, self._chunks, stamp_ms) + encoded

    def request(self, _request: Request) -> list[bytes]:
        """Return nothing: a carrier has no words for it."""
        return []

    def mark_played(self, name: str) -> list[bytes]:
        """Return the mark as it came."""
        return [self._numbered("mark", {"name": name})]

    def closing(self) -> list[bytes]:
        """Return `stop`: the caller has hung up."""
        return [self._numbered("stop", {"accountSid": self._account, "callSid": self._call})]

    def parse(self, message: bytes) -> tuple[Event, ...]:
        """Turn one message of the application into events.

        Raises:
            MalformedMessage: It is not of the form that Twilio asks for, or names another stream;
                Twilio ignores such messages, so that the caller hears nothing of them.
        """
        try:
            said = _decode(message)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise MalformedMessage("not a message of a media stream") from error
        if said.streamSid != self.identifier:
            raise MalformedMessage("the message names another stream, or none")
        match said.event:
            case "media" if said.media is not None:
                return (AudioDelta(said.media.payload.encode()),)
            case "mark" if said.mark is not None:
                return (PlaybackMark(said.mark.name[:_MOST_NAME_CHARS]),)
            case "clear":
                return (PlaybackCleared(),)
            case "media" | "mark":
                raise MalformedMessage(f"a message of the kind {said.event} without its content")
            case other:
                return (Notice(sanitised(other)),)

    def _numbered(self, event: str, content: dict[str, object]) -> bytes:
        self._sequence += 1
        message = {"event": event, "sequenceNumber": str(self._sequence)}
        return _encode({**message, "streamSid": self.identifier, event: content})
