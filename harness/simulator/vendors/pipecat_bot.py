"""A Pipecat bot's own socket in front of the simulated service: protobuf frames and RTVI.

Written from `frames.proto` and not from the caller's side, so that a mistake in one shows.
"""

import struct
from typing import Any

from harness.simulator.protocol.fronted_session import NewSession
from harness.simulator.protocol.session_limits import Link
from harness.simulator.vendors.agent import VendorAgent, decode, encode

_RATE_HZ = 16_000
_AUDIO_KEY, _MESSAGE_KEY, _INTERRUPTION = 0x12, 0x22, b"\x2a\x00"
_BYTES_KEY, _RATE_KEY, _CHANNELS_KEY, _DATA_KEY = 0x1A, 0x20, 0x28, 0x0A


class PipecatBot(VendorAgent):
    """Linear audio at 16 kHz in both directions; the client's readiness opens the session."""

    def __init__(self, link: Link, new_session: NewSession, identifier: str) -> None:
        super().__init__(link, new_session, hears_hz=_RATE_HZ, says_hz=_RATE_HZ)
        self.identifier = identifier

    def receive_binary(self, message: bytes, received_ns: int) -> None:
        """Take a frame; one that is none ends the session."""
        try:
            key, content, _ = _part(message)
            if key == _AUDIO_KEY:
                self._listen(content, received_ns)
            elif key == _MESSAGE_KEY:
                self.understand(decode(_part(content)[1]), received_ns)
        except (IndexError, ValueError, KeyError, TypeError):
            self._link.close(1007, "not a frame")

    def understand(self, message: dict[str, Any], received_ns: int) -> None:
        """Take a message of RTVI: the client is ready, and names itself."""
        if message["type"] == "client-ready":
            self.identifier = str(message["id"])
            self.begin_with(received_ns)
            about = {"library": "harness simulator"}
            self._tell("bot-ready", version="1.0.0", about=about)

    def say(self, audio: bytes) -> None:
        """Send audio."""
        size = _length(len(audio))
        rate = bytes([_RATE_KEY]) + _length(_RATE_HZ)
        inner = bytes([_BYTES_KEY]) + size + audio + rate + bytes([_CHANNELS_KEY, 1])
        self._link.send_binary(bytes([_AUDIO_KEY]) + _length(len(inner)) + inner)

    def translate(self, event: dict[str, Any]) -> None:
        """Send what RTVI tells of turns."""
        match event["type"]:
            case "input_audio_buffer.speech_started":
                self._tell("user-started-speaking")
                self._link.send_binary(_INTERRUPTION)
            case "input_audio_buffer.speech_stopped":
                self._tell("user-stopped-speaking")
            case "response.output_audio_transcript.done":
                self._tell("bot-transcription", text=event["transcript"])
            case "error":
                self._tell("error", message=event["error"]["message"], fatal=False)

    def _listen(self, content: bytes, received_ns: int) -> None:
        while content:
            key, inner, content = _part(content)
            if key == _BYTES_KEY:
                self.hear(inner, received_ns)

    def _tell(self, kind: str, **data: Any) -> None:
        said = encode({"label": "rtvi-ai", "type": kind, "data": data})
        inner = bytes([_DATA_KEY]) + _length(len(said)) + said
        self._link.send_binary(bytes([_MESSAGE_KEY]) + _length(len(inner)) + inner)


def _length(value: int) -> bytes:
    """Return a number below 2^21 as protobuf writes it."""
    low, middle, high = value & 0x7F, value >> 7 & 0x7F, value >> 14
    if high:
        return struct.pack("3B", low | 0x80, middle | 0x80, high)
    return struct.pack("2B", low | 0x80, middle) if middle else bytes([low])


def _part(message: bytes) -> tuple[int, bytes, bytes]:
    """Return the key of the first field, its content, and what follows it.

    Raises:
        IndexError: It ends too early.
    """
    key, size, at = message[0], 0, 1
    for place in range(4):
        byte = message[at]
        size, at = size | (byte & 0x7F) << 7 * place, at + 1
        if byte < 0x80:
            break
    if key & 7 == 0:
        return key, b"", message[at:]
    if at + size > len(message):
        raise IndexError
    return key, message[at : at + size], message[at + size :]
