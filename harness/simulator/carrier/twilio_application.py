"""An application that answers phone calls over Twilio Media Streams, with the simulated service.

It does what such applications do: it passes the caller's audio on to a realtime session, sends the
session's audio back as `media` with a `mark` after each response, and sends `clear` when the caller
is heard while a mark is outstanding.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from harness.simulator.protocol.session import Session
from harness.simulator.protocol.session_limits import Link
from harness.simulator.timing.deadlines import Deadline

_encode = msgspec.json.Encoder().encode
_DELTA = "response.output_audio.delta"
_ULAW = {"type": "audio/pcmu"}
_UPDATE = {
    "type": "session.update",
    "session": {
        "type": "realtime",
        "output_modalities": ["audio"],
        "audio": {
            "input": {"format": _ULAW, "turn_detection": {"type": "server_vad"}},
            "output": {"format": _ULAW},
        },
    },
}


class _Media(msgspec.Struct):
    payload: str


class _Named(msgspec.Struct):
    name: str = ""


class _FromCarrier(msgspec.Struct):
    event: str
    streamSid: str = ""  # noqa: N815
    media: _Media | None = None
    mark: _Named | None = None


class _FromService(msgspec.Struct):
    type: str
    delta: str = ""


_decode_carrier = msgspec.json.Decoder(_FromCarrier).decode
_decode_service = msgspec.json.Decoder(_FromService).decode


class NewSession(Protocol):
    """Makes the service's session of a call."""

    def __call__(self, link: Link, stream_sid: str) -> Session:
        """Make it on a link, and have its truth name the stream."""


class TwilioApplication:
    """One call; towards its connection a session, towards its session a connection.

    Args:
        link: The carrier's connection.
        new_session: Makes the session that answers.
    """

    def __init__(self, link: Link, new_session: NewSession) -> None:
        self._link, self._new_session = link, new_session
        self._session: Session | None = None
        self._stream_sid = ""
        self._responses = 0
        # Marks that have not come back, and whether audio was sent since the last one.
        self._outstanding: set[str] = set()
        self._speaks = False

    # -- a session, as the carrier's connection sees it -----------------------------------------

    def open(self) -> None:
        """Wait: the carrier speaks first."""

    def receive(self, message: bytes, received_ns: int) -> None:
        """Take a message of the carrier; what is none ends the call."""
        try:
            said = _decode_carrier(message)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._link.close(1003, "not a message of a media stream")
            return
        if said.event == "media" and said.media is not None and self._session is not None:
            append = b'{"type":"input_audio_buffer.append","audio":"%s"}'
            self._session.receive(append % said.media.payload.encode(), received_ns)
        elif said.event == "start" and self._session is None:
            self._stream_sid = said.streamSid
            self._session = self._new_session(self, said.streamSid)
            self._session.open()
            self._session.receive(_encode(_UPDATE), received_ns)
        elif said.event == "mark" and said.mark is not None:
            self._outstanding.discard(said.mark.name)
        elif said.event == "stop":
            self._link.close(1000, "")

    def receive_binary(self) -> None:
        """End the call: a media stream has no binary frames."""
        self._link.close(1003, "a media stream has no binary messages")

    def end(self) -> None:
        """Stop: the carrier has hung up."""
        if self._session is not None:
            self._session.end()

    # -- a connection, as the session sees it ---------------------------------------------------

    def send(self, message: bytes) -> None:
        """Pass on what the carrier has words for."""
        try:
            said = _decode_service(message)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._link.send(message)  # a planned fault
            return
        if said.type == _DELTA:
            self._speaks = True
            self._say("media", {"payload": said.delta})
        elif said.type == "response.output_audio.done" and self._speaks:
            self._responses += 1
            name = f"response-{self._responses}"
            self._outstanding.add(name)
            self._speaks = False
            self._say("mark", {"name": name})
        elif said.type == "input_audio_buffer.speech_started" and self._is_heard():
            self._speaks = False
            self._link.send(_encode({"event": "clear", "streamSid": self._stream_sid}))

    def _is_heard(self) -> bool:
        """Return whether the caller may still be listening to something."""
        return self._speaks or bool(self._outstanding)

    def close(self, code: int, reason: str) -> None:
        """Close the carrier's connection."""
        self._link.close(code, reason)

    def at(self, due_ns: int, callback: Callable[[], None]) -> Deadline:
        """Call back at an instant of the monotonic clock."""
        return self._link.at(due_ns, callback)

    def reset(self) -> None:
        """End the carrier's connection with a TCP reset."""
        self._link.reset()

    def die_in_mid_frame(self) -> None:
        """Send a part of a frame, then end the carrier's connection."""
        self._link.die_in_mid_frame()

    def stop_reading(self, duration_ns: int) -> None:
        """Read nothing from the carrier for so long."""
        self._link.stop_reading(duration_ns)

    def _say(self, event: str, content: dict[str, str]) -> None:
        said = {"event": event, "streamSid": self._stream_sid, event: content}
        self._link.send(_encode(said))
