"""Deepgram Voice Agent: binary audio in both directions, and JSON beside it.

The agent says when it hears the caller begin and when it has sent a response; it says nothing of
when it decided that the caller had finished. Latencies that it reports itself are not used.

Source: Deepgram, "Voice Agent API" and the types of its SDK 7.16 (A).
"""

from typing import Any

import msgspec

from harness.dialects.base import DialectFacts, DialectSession, MalformedMessage, SessionSettings
from harness.dialects.plain import PlainDialect, PlainSession
from harness.dialects.raw_audio import RawAudio
from harness.dialects.session_wishes import merged
from harness.dialects.tool_definition import tool_definition
from harness.errors import BadInput, sanitised, server_words
from harness.model import (
    AudioDecoder,
    AudioDelta,
    AudioFormat,
    BinaryMessage,
    Event,
    Notice,
    ProviderError,
    Request,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    SessionCreated,
    SpeechStarted,
    TextDelta,
    ToolCall,
    ToolResult,
)

_RATE_HZ = 24_000
# What an agent is made of where the user does not say; the cheapest that Deepgram names first.
_LISTEN = {"provider": {"type": "deepgram", "model": "nova-3"}}
_SPEAK = {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}}
_THINK_MODEL = "gpt-4o-mini"
_MOST_CALLS = 1_000


class _Function(msgspec.Struct):
    id: str
    name: str
    arguments: str = "{}"
    client_side: bool = True


class _Message(msgspec.Struct):
    type: str
    request_id: str = ""
    role: str = ""
    content: str = ""
    code: str = ""
    description: str = ""
    functions: list[_Function] = []


_decode = msgspec.json.Decoder(_Message).decode
_encode = msgspec.json.Encoder().encode


class DeepgramAgent(PlainDialect):
    """The `Dialect` of Deepgram's Voice Agent."""

    name = "deepgram"
    default_model = _THINK_MODEL
    audio = AudioFormat(rate_hz=_RATE_HZ)
    facts = DialectFacts(
        takes_silence=False,
        reports_endpoint=False,
        announces_responses=False,
        reports_usage=False,
        hosts=("agent.deepgram.com",),
        key_variables=("DEEPGRAM_API_KEY",),
        source="Deepgram, Voice Agent API",
        as_of="2026-11-28",
    )

    def open(self, _identity: str) -> DialectSession:
        """Return a session, which numbers the agent's responses."""
        return _Session()

    def path(self, _settings: SessionSettings) -> str:
        """Return the agent's endpoint."""
        return "/v1/agent/converse"

    def headers(self, api_key: str | None, _address: str) -> list[tuple[str, str]]:
        """Return the token header, or nothing for servers that ask for no key."""
        return [] if api_key is None else [("Authorization", f"Token {api_key}")]

    def configure(self, settings: SessionSettings) -> list[bytes]:
        """Return one `Settings`."""
        return [_encode({"type": "Settings", **self.asked(settings)})]

    def asked(self, settings: SessionSettings) -> dict[str, Any]:
        """Return the settings: linear audio in both directions, an agent, and the user's own.

        Raises:
            BadInput: The user's own name the audio, which is ours to choose.
        """
        wishes = settings.wishes.fields
        if "audio" in wishes:
            raise BadInput("audio is the dialect's", where="--session", hint="Leave it out")
        audio = {"encoding": "linear16", "sample_rate": _RATE_HZ}
        model = settings.model or self.default_model
        think: dict[str, Any] = {"provider": {"type": "open_ai", "model": model}}
        if settings.instructions:
            think["prompt"] = settings.instructions
        if settings.tools:
            think["functions"] = [tool_definition(name) for name in settings.tools]
        speak = {"provider": {**_SPEAK["provider"], **_voice(settings.voice)}}
        ours = {
            "audio": {"input": audio, "output": {**audio, "container": "none"}},
            "agent": {"listen": _LISTEN, "think": think, "speak": speak},
        }
        return merged(ours, wishes)

    def append_audio(self, frame: bytes) -> bytes:
        """Return the frame as a binary message."""
        return BinaryMessage(frame)

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return a decoder of bare samples."""
        return RawAudio(audio)


def _voice(name: str) -> dict[str, str]:
    return {"model": name} if name else {}


class _Session(PlainSession):
    """One session: which response the audio belongs to, and the tools that were asked for."""

    def __init__(self) -> None:
        self._response = 1
        self._names: dict[str, str] = {}

    def request(self, request: Request) -> list[bytes]:
        """Return a function's result; nothing else can be asked for, or needs to be."""
        if not isinstance(request, ToolResult):
            return []
        name = self._names.pop(request.call_id, "")
        said = {"type": "FunctionCallResponse", "id": request.call_id, "name": name}
        return [_encode({**said, "content": request.output})]

    def parse(self, message: bytes) -> tuple[Event, ...]:
        """Turn one message into events.

        Raises:
            MalformedMessage: A text that is no message of the agent.
        """
        if isinstance(message, BinaryMessage):
            return (AudioDelta(message, self._name),)
        try:
            said = _decode(message)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise MalformedMessage("not a message of an agent") from error
        match said.type:
            case "Welcome":
                return (SessionCreated(sanitised(said.request_id)),)
            case "SettingsApplied":
                return (SessionConfigured("server"),)
            case "UserStartedSpeaking":
                return (SpeechStarted(),)
            case "ConversationText" if said.role == "assistant":
                # A sentence, of which the next one of the response is to be kept apart.
                return (TextDelta(self._name, f"{said.content} "),)
            case "AgentAudioDone":
                done = ResponseDone(self._name, ResponseStatus.COMPLETED)
                self._response += 1
                return (done,)
            case "FunctionCallRequest":
                return tuple(self._call(call) for call in said.functions if call.client_side)
            case "Error":
                return (ProviderError(sanitised(said.code), server_words(said.description)),)
            case other:
                return (Notice(sanitised(other)),)

    @property
    def _name(self) -> str:
        return f"response-{self._response}"

    def _call(self, call: _Function) -> ToolCall:
        if len(self._names) < _MOST_CALLS:
            self._names[call.id] = call.name
        return ToolCall(call.id, sanitised(call.name), call.arguments, self._name)
