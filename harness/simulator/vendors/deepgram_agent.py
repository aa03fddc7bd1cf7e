"""Deepgram's Voice Agent in front of the simulated service."""

from typing import Any

from harness.simulator.protocol.fronted_session import NewSession
from harness.simulator.protocol.session_limits import Link
from harness.simulator.vendors.agent import VendorAgent, encode


class DeepgramAgent(VendorAgent):
    """Binary linear audio at 24 kHz in both directions; the client's settings open the session."""

    def __init__(self, link: Link, new_session: NewSession, identifier: str) -> None:
        super().__init__(link, new_session, hears_hz=24_000, says_hz=24_000)
        self.identifier = identifier

    def open(self) -> None:
        """Greet the client."""
        self._tell("Welcome", request_id=self.identifier)

    def understand(self, message: dict[str, Any], received_ns: int) -> None:
        """Take settings and results of functions."""
        match message["type"]:
            case "Settings":
                think = message["agent"]["think"]
                tools = [{"type": "function", **tool} for tool in think.get("functions", [])]
                self.begin_with(received_ns, tools=tools)
                self._tell("SettingsApplied")
            case "FunctionCallResponse":
                self.answer_tool(message["id"], message["content"], received_ns)

    def say(self, audio: bytes) -> None:
        """Send audio."""
        self._link.send_binary(audio)

    def translate(self, event: dict[str, Any]) -> None:
        """Send what Deepgram tells of turns."""
        match event["type"]:
            case "input_audio_buffer.speech_started":
                self._tell("UserStartedSpeaking")
            case "response.output_audio_transcript.done":
                self._tell("ConversationText", role="assistant", content=event["transcript"])
                self._tell("AgentAudioDone")
            case "response.function_call_arguments.done":
                call = {"id": event["call_id"], "name": event["name"], "client_side": True}
                functions = [{**call, "arguments": event["arguments"]}]
                self._tell("FunctionCallRequest", functions=functions)
            case "error":
                told = event["error"]
                self._tell("Error", code=str(told["code"]), description=told["message"])

    def _tell(self, kind: str, **fields: Any) -> None:
        self._link.send(encode({"type": kind, **fields}))
