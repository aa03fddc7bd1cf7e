"""One session of another vendor's agent: its words outside, the simulated service inside.

What each vendor says and understands is in a class of its own; what a turn is, and when it is
answered, is the service's affair, so that the truth about it is the same.
"""

import base64
from dataclasses import replace
from typing import Any

import msgspec

from harness.model import TruthRecord
from harness.simulator.protocol.fronted_session import FrontedSession, NewSession
from harness.simulator.protocol.session_limits import Link
from harness.simulator.voice.linear_audio import SERVICE_RATE_HZ, Resampler

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode
_NO_MESSAGE = (msgspec.MsgspecError, UnicodeError, KeyError, TypeError, ValueError)
_DELTA = b'"response.output_audio.delta"'


class VendorAgent(FrontedSession):
    """What the vendors' agents have in common: linear audio at rates of their own.

    Args:
        link: The client's connection.
        new_session: Makes the session that answers.
        hears_hz: Sample rate of the caller's audio.
        says_hz: Sample rate of the agent's.
    """

    def __init__(self, link: Link, new_session: NewSession, *, hears_hz: int, says_hz: int) -> None:
        super().__init__(link, new_session)
        self._hears_hz, self._says_hz = hears_hz, says_hz
        self._heard = Resampler(hears_hz, SERVICE_RATE_HZ)
        self._said = Resampler(SERVICE_RATE_HZ, says_hz)
        self.identifier = ""

    # -- what a vendor adds ---------------------------------------------------------------------

    def understand(self, message: dict[str, Any], received_ns: int) -> None:
        """Take one message of the client."""

    def say(self, audio: bytes) -> None:
        """Send a piece of a response, linear samples."""

    def translate(self, event: dict[str, Any]) -> None:
        """Send what an event of the service means in the vendor's words, if anything."""

    def as_heard(self, truth: TruthRecord) -> TruthRecord:
        """Return the truth about a response with what the vendor's way of sending changes in it."""
        return truth

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
            return
        if event["type"] == "response.created":
            # Otherwise the end of the response before would be heard in its first sample.
            self._said = Resampler(SERVICE_RATE_HZ, self._says_hz)
        self.translate(event)

    # -- for vendors ----------------------------------------------------------------------------

    def begin_with(self, received_ns: int, *, tools: list[dict[str, Any]] | None = None) -> None:
        """Open the service's session."""

        def told(truth: TruthRecord) -> TruthRecord:
            ends = tuple(end * self._hears_hz // SERVICE_RATE_HZ for end in truth.frame_end_samples)
            return self.as_heard(
                replace(truth, frame_end_samples=ends, session_id=self.identifier, response_id="")
            )

        kind = {"type": "audio/pcm", "rate": SERVICE_RATE_HZ}
        self.begin(kind, told, received_ns, tools=tools or ())

    def hears_at(self, rate_hz: int) -> None:
        """Take the rate at which the client sends, where it says so before its audio."""
        self._hears_hz, self._heard = rate_hz, Resampler(rate_hz, SERVICE_RATE_HZ)

    def hear(self, audio: bytes, received_ns: int) -> None:
        """Hand the caller's audio on, linear samples."""
        self.hear_encoded(base64.b64encode(self._heard.feed(audio)), received_ns)

    def answer_tool(self, call_id: str, output: str, received_ns: int) -> None:
        """Give the service a function's result, and have it go on."""
        item = {"type": "function_call_output", "call_id": call_id, "output": output}
        self.ask({"type": "conversation.item.create", "item": item}, received_ns)
        self.ask({"type": "response.create"}, received_ns)
