"""One session of another vendor's agent: its words outside, the simulated service inside.

What each vendor says and understands is in a class of its own; what a turn is, and when it is
answered, is the service's affair, so that the truth about it is the same.
"""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import msgspec

from harness.model import TruthRecord
from harness.simulator.carrier.linear_audio import SERVICE_RATE_HZ, Resampler
from harness.simulator.protocol.passed_on_link import PassedOnLink
from harness.simulator.protocol.session_limits import Link, ServedSession

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode
_NO_MESSAGE = (msgspec.MsgspecError, UnicodeError, KeyError, TypeError, ValueError)
_DELTA = b'"response.output_audio.delta"'


class NewSession(Protocol):
    """Makes the service's session."""

    def __call__(self, link: Link, told: Callable[[TruthRecord], TruthRecord]) -> ServedSession:
        """Make it on a link; what it knows to be true is told as the client counts it."""


class VendorAgent(PassedOnLink):
    """Towards its connection a session, towards its session a connection.

    Args:
        link: The client's connection.
        new_session: Makes the session that answers.
        hears_hz: Sample rate of the caller's audio.
        says_hz: Sample rate of the agent's.
    """

    def __init__(self, link: Link, new_session: NewSession, *, hears_hz: int, says_hz: int) -> None:
        super().__init__(link)
        self._new_session, self._hears_hz = new_session, hears_hz
        self._heard = Resampler(hears_hz, SERVICE_RATE_HZ)
        self._said = Resampler(SERVICE_RATE_HZ, says_hz)
        self._session: ServedSession | None = None
        self.identifier = ""

    # -- what a vendor adds ---------------------------------------------------------------------

    def open(self) -> None:
        """Begin: the client was let in."""

    def understand(self, message: dict[str, Any], received_ns: int) -> None:
        """Take one message of the client."""

    def say(self, audio: bytes) -> None:
        """Send a piece of a response, linear samples."""

    def translate(self, event: dict[str, Any]) -> None:
        """Send what an event of the service means in the vendor's words, if anything."""

    # -- a session, as the connection sees it ---------------------------------------------------

    def receive(self, message: bytes, received_ns: int) -> None:
        """Take a text message; what is none of the vendor's ends the session."""
        try:
            self.understand(decode(message), received_ns)
        except _NO_MESSAGE:
            self._link.close(1007, "not a message of this API")

    def receive_binary(self, message: bytes, received_ns: int) -> None:
        """Take a binary message: audio, unless the vendor says otherwise."""
        if len(message) % 2:
            self._link.close(1003, "half a sample")
            return
        self.hear(message, received_ns)

    def end(self) -> None:
        """Stop: the client is gone."""
        if self._session is not None:
            self._session.end()

    # -- a connection, as the session sees it ---------------------------------------------------

    def send(self, message: bytes) -> None:
        """Translate an event of the service."""
        try:
            event = decode(message)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._link.send(message)  # a planned fault
            return
        if _DELTA in message[:64]:
            self.say(self._said.feed(base64.b64decode(event["delta"])))
        else:
            self.translate(event)

    # -- for vendors ----------------------------------------------------------------------------

    def begin(self, received_ns: int, *, tools: list[dict[str, Any]] | None = None) -> None:
        """Open the service's session."""

        def told(truth: TruthRecord) -> TruthRecord:
            ends = tuple(end * self._hears_hz // SERVICE_RATE_HZ for end in truth.frame_end_samples)
            return replace(
                truth, frame_end_samples=ends, session_id=self.identifier, response_id=""
            )

        self._session = self._new_session(self, told)
        self._session.open()
        kind = {"type": "audio/pcm", "rate": SERVICE_RATE_HZ}
        audio = {
            "input": {"format": kind, "turn_detection": {"type": "server_vad"}},
            "output": {"format": kind},
        }
        session: dict[str, Any] = {"type": "realtime", "output_modalities": ["audio"]}
        session |= {"audio": audio, "tools": tools or []}
        self.ask({"type": "session.update", "session": session}, received_ns)

    def hear(self, audio: bytes, received_ns: int) -> None:
        """Hand the caller's audio on, linear samples."""
        samples = base64.b64encode(self._heard.feed(audio))
        if self._session is not None and samples:
            append = b'{"type":"input_audio_buffer.append","audio":"%s"}'
            self._session.receive(append % samples, received_ns)

    def ask(self, event: dict[str, Any], received_ns: int) -> None:
        """Send the service an event."""
        if self._session is not None:
            self._session.receive(encode(event), received_ns)

    def answer_tool(self, call_id: str, output: str, received_ns: int) -> None:
        """Give the service a function's result, and have it go on."""
        item = {"type": "function_call_output", "call_id": call_id, "output": output}
        self.ask({"type": "conversation.item.create", "item": item}, received_ns)
        self.ask({"type": "response.create"}, received_ns)
