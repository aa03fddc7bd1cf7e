"""Gemini Live in front of the simulated service."""

import base64
from typing import Any

from harness.clock import now_ns
from harness.model import NS_PER_S
from harness.simulator.protocol.fronted_session import NewSession
from harness.simulator.protocol.session_limits import Link
from harness.simulator.timing.deadlines import Deadline
from harness.simulator.vendors.agent import VendorAgent, encode

_HEARS_HZ, _SAYS_HZ = 16_000, 24_000


class GeminiLive(VendorAgent):
    """Base64 linear audio, 16 kHz in and 24 kHz out; JSON goes out in binary messages."""

    def __init__(self, link: Link, new_session: NewSession, identifier: str) -> None:
        super().__init__(link, new_session, hears_hz=_HEARS_HZ, says_hz=_SAYS_HZ)
        self.identifier = identifier
        # Whether something was said that the model does not take for played yet, and until when.
        self._turn_open, self._played_ns = False, 0
        self._completion: Deadline | None = None
        # Whether words were asked for, and tokens of a response that ended, until they are told.
        self._transcribes, self._usage = False, dict[str, Any]()

    def receive_binary(self, message: bytes, received_ns: int) -> None:
        """Take JSON, as in a text message."""
        self.receive(message, received_ns)

    def understand(self, message: dict[str, Any], received_ns: int) -> None:
        """Take the set-up, the caller's audio, and responses of functions.

        As everywhere in Google's JSON, names may be in camel or snake case, and base64 URL-safe.
        """
        heard = message.get("realtimeInput") or message.get("realtime_input")
        if heard is not None:
            data = heard["audio"]["data"].replace("-", "+").replace("_", "/")
            self.hear(base64.b64decode(data, validate=True), received_ns)
        elif "setup" in message:
            declared = [
                tool
                for part in message["setup"].get("tools", [])
                for tool in part["functionDeclarations"]
            ]
            tools = [{"type": "function", "name": tool["name"]} for tool in declared]
            self._transcribes = "outputAudioTranscription" in message["setup"]
            self.begin_with(received_ns, tools=tools)
            self._tell({"setupComplete": {"sessionId": self.identifier}})
        else:
            told = message.get("toolResponse") or message.get("tool_response") or {}
            for response in told.get("functionResponses") or told.get("function_responses") or []:
                output = encode(response["response"]).decode()
                self.answer_tool(response["id"], output, received_ns)

    def say(self, audio: bytes) -> None:
        """Send audio."""
        self._turn_open = True
        duration_ns = len(audio) // 2 * NS_PER_S // _SAYS_HZ
        self._played_ns = max(now_ns(), self._played_ns) + duration_ns
        data = base64.b64encode(audio).decode()
        blob = {"data": data, "mimeType": f"audio/pcm;rate={_SAYS_HZ}"}
        self._content(modelTurn={"parts": [{"inlineData": blob}]})

    def translate(self, event: dict[str, Any]) -> None:
        """Send what Gemini tells of turns."""
        match event["type"]:
            case "response.output_audio_transcript.delta" if self._transcribes:
                self._content(outputTranscription={"text": event["delta"]})
            case "response.function_call_arguments.done":
                call = {"id": event["call_id"], "name": event["name"], "args": {}}
                self._tell({"toolCall": {"functionCalls": [call]}})
            case "input_audio_buffer.speech_started" if self._turn_open:
                self._content(interrupted=True)
                self._complete()
            case "response.done":
                self._tell_tokens()
                self._usage = _usage(event)
                if self._turn_open:
                    self._content(generationComplete=True)
                    self._completion = self.at(self._played_ns, self._complete)
                else:
                    self._tell_tokens()

    def _tell_tokens(self) -> None:
        """Tell tokens in a message of their own."""
        if self._usage:
            self._tell(self._usage)
        self._usage = {}

    def _complete(self) -> None:
        """End the turn: what was said of it has been played, or was taken back."""
        self._turn_open = False
        if self._completion is not None:
            self._completion.cancel()
            self._completion = None
        usage, self._usage = self._usage, {}
        self._tell({"serverContent": {"turnComplete": True}, **usage})

    def _content(self, **content: Any) -> None:
        self._tell({"serverContent": content})

    def _tell(self, message: dict[str, Any]) -> None:
        self._link.send_binary(encode(message))


def _usage(event: dict[str, Any]) -> dict[str, Any]:
    """Return the tokens of a response; as everywhere in Google's JSON, what is 0 is left out."""
    usage = event["response"].get("usage")
    if not usage:
        return {}
    heard, said = usage["input_token_details"], usage["output_token_details"]
    told = {
        "promptTokenCount": usage["input_tokens"],
        "cachedContentTokenCount": heard["cached_tokens"],
        "responseTokenCount": usage["output_tokens"],
        "totalTokenCount": usage["input_tokens"] + usage["output_tokens"],
        "promptTokensDetails": _counts(heard),
        "cacheTokensDetails": _counts(heard["cached_tokens_details"]),
        "responseTokensDetails": _counts(said),
    }
    return {"usageMetadata": {name: value for name, value in told.items() if value}}


def _counts(details: dict[str, int]) -> list[dict[str, Any]]:
    pairs = (("TEXT", details["text_tokens"]), ("AUDIO", details["audio_tokens"]))
    return [{"modality": kind, "tokenCount": count} for kind, count in pairs if count]
