"""An external agent of Amazon Connect (A2A, audio) in front of the simulated service.

Written from AWS's sample events and not from the callers' side, so that a mistake in one shows. It
hears what Connect proposes and counter-proposes its own rate for what it says.
"""

import base64
from typing import Any

from harness.simulator.protocol.fronted_session import NewSession
from harness.simulator.protocol.session_limits import Link
from harness.simulator.vendors.agent import VendorAgent, encode
from harness.simulator.voice.linear_audio import SERVICE_RATE_HZ

CONNECT_PATHS = ("/amazon-connect", "/amazon-connect-8k", "/amazon-connect-24k")
"""Where it is reached, for each dialect; the session says at which rate."""

_EXTENSION = "https://docs.aws.amazon.com/connect/a2a/ext/v1"
_KIND = f"{_EXTENSION}/eventType"
_JSON, _SOUND = "application/json", "audio/lpcm"
_FORMAT = {"encoding": "LINEAR_PCM", "sampleSizeBits": 16, "channelCount": 1}


class ConnectAgent(VendorAgent):
    """Base64 linear audio in JSON-RPC; a response is an artifact, and a turn is a task."""

    def __init__(self, link: Link, new_session: NewSession, _identifier: str) -> None:
        super().__init__(link, new_session, hears_hz=SERVICE_RATE_HZ, says_hz=SERVICE_RATE_HZ)
        self._sent = 0
        self._task, self._speaks = "", False

    def understand(self, message: dict[str, Any], received_ns: int) -> None:
        """Take one request of Connect's: the caller's audio, or the beginning of a session."""
        said = message["params"]["message"]
        (part,) = said["parts"]
        if message["method"] != "SendMessage" or said["role"] != "ROLE_USER":
            raise ValueError("not a request of Connect's")
        if "raw" in part:
            if part["mediaType"] != _SOUND or said["contextId"] != self.identifier:
                raise ValueError("not audio of this session")
            self.hear(base64.b64decode(part["raw"], validate=True), received_ns)
            return
        if said["metadata"][_KIND] == "INIT_SESSION" and not self.has_begun:
            proposed = part["data"]["initSession"]["audioInputConfiguration"]
            self.identifier = str(said["contextId"])
            self.hears_at(int(proposed["sampleRateHertz"]))
            self.begin_with(received_ns)
            output = {**_FORMAT, "sampleRateHertz": SERVICE_RATE_HZ}
            accepted = {"statusCode": "200", "audioOutputConfiguration": output}
            event = self._message("INIT_SESSION_RESPONSE", {"initSessionResponse": accepted})
            self._tell(str(message["id"]), message=event)

    def say(self, audio: bytes) -> None:
        """Send audio."""
        self._chunk(base64.b64encode(audio).decode(), last=False)
        self._speaks = True

    def translate(self, event: dict[str, Any]) -> None:
        """Send what the contract tells of turns: their ends, interruptions and errors."""
        match event["type"]:
            case "response.created":
                self._task = event["response"]["id"]
            case "response.output_audio.done" if self._speaks:
                self._chunk("", last=True)
                self._speaks = False
            case "input_audio_buffer.speech_started" if self._task:
                self._speaks = False
                interruption = {"type": "USER_AUDIO_INPUT", "reason": "user_speech"}
                told = self._message("INTERRUPTION", {"interruption": interruption})
                self._send(message=told)
            case "response.done":
                self._end(event["response"])
            case "error":
                told = event["error"]
                error = {"errorCode": 400, "errorReason": told["message"]}
                self._send(message=self._message("ERROR", {"error": error}))

    def _end(self, response: dict[str, Any]) -> None:
        """End the turn; one that was interrupted is completed too."""
        status: dict[str, Any] = {"state": "TASK_STATE_COMPLETED"}
        if response["status"] in ("failed", "incomplete"):
            error = {"errorCode": 424, "errorReason": response["status"]}
            failed = self._message("ERROR", {"error": error})
            status = {"state": "TASK_STATE_FAILED", "message": failed}
        named = {"taskId": response["id"], "contextId": self.identifier}
        self._send(statusUpdate={**named, "status": status})

    def _chunk(self, raw: str, *, last: bool) -> None:
        artifact = {
            "artifactId": f"{self._task}-audio",
            "parts": [{"raw": raw, "mediaType": _SOUND}],
            "metadata": {_KIND: "AUDIO_RESPONSE_CHUNK"},
        }
        update = {"taskId": self._task, "contextId": self.identifier, "artifact": artifact}
        self._send(artifactUpdate={**update, "append": self._speaks, "lastChunk": last})

    def _message(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        return {
            "messageId": f"m-{self._sent + 1}",
            "contextId": self.identifier,
            "role": "ROLE_AGENT",
            "parts": [{"data": data, "mediaType": _JSON}],
            "extensions": [_EXTENSION],
            "metadata": {_KIND: kind},
        }

    def _send(self, **result: dict[str, Any]) -> None:
        self._tell(f"e-{self._sent + 1}", **result)

    def _tell(self, answers: str, **result: dict[str, Any]) -> None:
        self._sent += 1
        self._link.send(encode({"jsonrpc": "2.0", "id": answers, "result": result}))
