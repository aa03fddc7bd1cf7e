"""Services that resemble OpenAI's, in front of the simulated one: their sessions and event names.

Written from their documents and not from the callers' side, so that a mistake in one shows.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from harness.simulator.protocol.passed_on_link import PassedOnLink
from harness.simulator.protocol.session_limits import Link, ServedSession

Json = dict[str, Any]
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_NO_MESSAGE = (msgspec.MsgspecError, UnicodeDecodeError)
_APPEND, _UPDATE = b'"input_audio_buffer.append"', "session.update"
# A message's type stands at its beginning.
_HEAD = 64


class LookAlikeService(PassedOnLink):
    """Towards its connection a session, towards its session a connection.

    Args:
        link: The client's connection.
        new_session: Makes the session that answers.
    """

    def __init__(self, link: Link, new_session: Callable[[Link], ServedSession]) -> None:
        super().__init__(link)
        self._session = new_session(self)

    # -- what a service does otherwise ----------------------------------------------------------

    def understood(self, session: Json) -> Json | str:
        """Return what a client asks of its session in OpenAI's form, or the name it may not use."""
        return session

    def described(self, session: Json) -> Json:
        """Return a session in the service's form."""
        return session

    def renamed(self, message: bytes) -> bytes:
        """Return a message of the service under its own name."""
        return message

    # -- a session, as the connection sees it ---------------------------------------------------

    def open(self) -> None:
        """Greet the client."""
        self._session.open()

    def receive(self, message: bytes, received_ns: int) -> None:
        """Take a text message; what configures the session is put into OpenAI's form."""
        if _APPEND not in message[:_HEAD]:
            message = self._in_openai_s_form(message)
        if message:
            self._session.receive(message, received_ns)

    def receive_binary(self, message: bytes, received_ns: int) -> None:
        """Take a binary message."""
        self._session.receive_binary(message, received_ns)

    def end(self) -> None:
        """Stop: the client is gone."""
        self._session.end()

    # -- a connection, as the session sees it ---------------------------------------------------

    def send(self, message: bytes) -> None:
        """Send an event of the service."""
        if message.startswith(b'{"type":"session.'):
            event = _decode(message)
            event["session"] = self.described(event["session"])
            message = _encode(event)
        self._link.send(self.renamed(message))

    def _in_openai_s_form(self, message: bytes) -> bytes:
        try:
            event = _decode(message)
        except _NO_MESSAGE:
            return message
        if not isinstance(event, dict) or event.get("type") != _UPDATE:
            return message
        session = self.understood(event.get("session") or {})
        if isinstance(session, str):
            error = {"type": "invalid_request_error", "code": "unknown_parameter"}
            error |= {"message": f"Unknown parameter: '{session}'.", "param": session}
            self._link.send(_encode({"type": "error", "event_id": "event_0", "error": error}))
            return b""
        return _encode({**event, "session": session})


class VoiceLive(LookAlikeService):
    """Azure's Voice Live: the flat session and the event names of the preview."""

    def __init__(self, link: Link, new_session: Callable[[Link], ServedSession]) -> None:
        self._own: Json = {}
        super().__init__(link, new_session)

    def understood(self, session: Json) -> Json | str:
        """Take the flat session; what is Azure's alone is kept and told again."""
        for nested in ("audio", "output_modalities"):
            if nested in session:
                return f"session.{nested}"
        told: Json = {"type": "realtime"}
        for name in ("instructions", "tools", "tool_choice"):
            if name in session:
                told[name] = session[name]
        audio: Json = {"input": {}, "output": {}}
        if "turn_detection" in session:
            audio["input"]["turn_detection"] = _detection(session["turn_detection"])
        self._own |= session
        return {**told, "audio": audio}

    def described(self, session: Json) -> Json:
        """Return the flat session."""
        own, audio = self._own, session["audio"]
        return {
            "id": session["id"],
            "object": "realtime.session",
            "model": session["model"],
            "modalities": own.get("modalities", ["text", "audio"]),
            "instructions": session["instructions"],
            "voice": own.get("voice", {"type": "openai", "name": "alloy"}),
            "input_audio_format": own.get("input_audio_format", "pcm16"),
            "input_audio_sampling_rate": own.get("input_audio_sampling_rate", 24_000),
            "output_audio_format": own.get("output_audio_format", "pcm16"),
            "turn_detection": own.get("turn_detection", audio["input"]["turn_detection"]),
            "tools": session["tools"],
            "tool_choice": session["tool_choice"],
            "temperature": own.get("temperature", 0.8),
        }

    def renamed(self, message: bytes) -> bytes:
        """Return a message of audio or transcript under the preview's name."""
        head = message[:_HEAD].replace(b'"response.output_audio', b'"response.audio')
        return head + message[_HEAD:]


class XAI(LookAlikeService):
    """xAI: voice and turn detection stand beside the audio, and it pings in events of its own."""

    def open(self) -> None:
        """Greet the client as xAI does."""
        conversation = {"id": "conv_1", "object": "realtime.conversation"}
        self._link.send(_encode({"type": "conversation.created", "conversation": conversation}))
        super().open()
        self._link.send(_encode({"type": "ping", "event_id": "event_0", "timestamp": 0}))

    def understood(self, session: Json) -> Json | str:
        """Take turn detection from where xAI has it; a voice of its own is any voice here."""
        told = {**session, "audio": {**session.get("audio", {})}}
        if "turn_detection" in told["audio"].get("input", {}):
            return "session.audio.input.turn_detection"
        told.pop("voice", None)
        if "turn_detection" in told:
            detection = told.pop("turn_detection")
            heard = {**told["audio"].get("input", {}), "turn_detection": detection}
            told["audio"]["input"] = heard
        return {"type": "realtime", **told}


class Inworld(LookAlikeService):
    """Inworld: the session names its model."""

    def __init__(self, link: Link, new_session: Callable[[Link], ServedSession]) -> None:
        self._model = ""
        super().__init__(link, new_session)

    def understood(self, session: Json) -> Json | str:
        """Take the model."""
        self._model = session.get("model", self._model)
        return {name: value for name, value in session.items() if name != "model"}

    def described(self, session: Json) -> Json:
        """Return the session with that model."""
        return {**session, "model": self._model or session["model"]}


def _detection(asked: Any) -> Any:
    """Return a turn detection of Azure's as the simulated service knows it."""
    if not isinstance(asked, dict) or not str(asked.get("type", "")).startswith("azure_"):
        return asked
    silence = {k: v for k, v in asked.items() if k == "silence_duration_ms"}
    return {"type": "server_vad", **silence}


SERVICES: Mapping[str, type[LookAlikeService]] = {
    "voice-live": VoiceLive,
    "xai": XAI,
    "inworld": Inworld,
}
"""By the name of the dialect."""
