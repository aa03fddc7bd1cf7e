"""An agent of ElevenLabs in front of the simulated service."""

import base64
from typing import Any

from harness.simulator.protocol.fronted_session import NewSession
from harness.simulator.protocol.session_limits import Link
from harness.simulator.vendors.agent import VendorAgent, encode

_RATE_HZ = 16_000


class ElevenLabsAgent(VendorAgent):
    """Base64 linear audio at 16 kHz in both directions; the client's first message opens it."""

    def __init__(self, link: Link, new_session: NewSession, identifier: str) -> None:
        super().__init__(link, new_session, hears_hz=_RATE_HZ, says_hz=_RATE_HZ)
        self.identifier, self._pieces = identifier, 0

    def understand(self, message: dict[str, Any], received_ns: int) -> None:
        """Take the caller's audio, the beginning of a conversation, and results of tools."""
        if "user_audio_chunk" in message:
            self.hear(base64.b64decode(message["user_audio_chunk"], validate=True), received_ns)
            return
        match message["type"]:
            case "conversation_initiation_client_data":
                self.begin_with(received_ns)
                name = f"pcm_{_RATE_HZ}"
                formats = {"agent_output_audio_format": name, "user_input_audio_format": name}
                told = {"conversation_id": self.identifier, **formats}
                self._tell("conversation_initiation_metadata", told)
                self._tell("ping", {"event_id": 1, "ping_ms": 0})
            case "client_tool_result":
                self.answer_tool(message["tool_call_id"], message["result"], received_ns)

    def say(self, audio: bytes) -> None:
        """Send audio."""
        self._pieces += 1
        piece = {"audio_base_64": base64.b64encode(audio).decode(), "event_id": self._pieces}
        self._link.send(encode({"type": "audio", "audio_event": piece}))

    def translate(self, event: dict[str, Any]) -> None:
        """Send what ElevenLabs tells of turns: the agent's words, and interruptions."""
        match event["type"]:
            case "response.output_audio_transcript.done":
                self._tell("agent_response", {"agent_response": event["transcript"]})
            case "input_audio_buffer.speech_started" if self._pieces:
                self._tell("interruption", {"event_id": self._pieces})

    def _tell(self, kind: str, content: dict[str, Any]) -> None:
        self._link.send(encode({"type": kind, f"{kind}_event": content}))
