"""Gemini Live: JSON in both directions, from the server in binary messages.

The client sets the session up with its first message. Three things end a response: it was generated
(more audio will not come), the turn is complete (the model takes it for played), or it was
interrupted. The end of the caller's speech is told only where the model offers voice activity.

Source: the types of google-genai 3.3 (A) for Google's Live API, `v1beta`.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from harness.dialects.base import DialectFacts, DialectSession, MalformedMessage, SessionSettings
from harness.dialects.base64_audio import Base64Audio
from harness.dialects.lenient import mapping
from harness.dialects.plain import PlainDialect, PlainSession
from harness.dialects.session_wishes import merged
from harness.dialects.tool_definition import tool_definition
from harness.errors import BadInput, sanitised
from harness.model import (
    AudioDecoder,
    AudioDelta,
    AudioFormat,
    Event,
    Notice,
    Request,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    SessionCreated,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TokenUsage,
    ToolCall,
    ToolResult,
)

_INPUT_HZ, _OUTPUT_HZ = 16_000, 24_000
_RATE = re.compile(r"rate=(\d+)")
_PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"


_NOTHING = msgspec.Raw(b"")


class _Blob(msgspec.Struct, rename="camel"):
    data: str = ""
    mime_type: str = ""


class _Part(msgspec.Struct, rename="camel"):
    inline_data: _Blob | None = None
    text: str | None = None


class _Turn(msgspec.Struct, rename="camel"):
    parts: list[_Part] = []


class _Content(msgspec.Struct, rename="camel"):
    model_turn: _Turn | None = None
    generation_complete: bool = False
    turn_complete: bool = False
    interrupted: bool = False
    output_transcription: msgspec.Raw = _NOTHING


class _Call(msgspec.Struct, rename="camel"):
    name: str
    id: str = ""
    args: msgspec.Raw = msgspec.Raw(b"{}")


class _Calls(msgspec.Struct, rename="camel"):
    function_calls: list[_Call] = []


class _Count(msgspec.Struct, rename="camel"):
    modality: str = ""
    token_count: int = 0


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: int | None = None
    response_token_count: int | None = None
    prompt_tokens_details: list[_Count] | None = None
    response_tokens_details: list[_Count] | None = None


class _Activity(msgspec.Struct, rename="camel"):
    voice_activity_type: str = ""


class _Setup(msgspec.Struct, rename="camel"):
    session_id: str = ""


class _Message(msgspec.Struct, rename="camel"):
    setup_complete: _Setup | None = None
    server_content: _Content | None = None
    tool_call: _Calls | None = None
    usage_metadata: _Usage | None = None
    voice_activity: _Activity | None = None


_decode = msgspec.json.Decoder(_Message).decode
_encode = msgspec.json.Encoder().encode


class GeminiLive(PlainDialect):
    """The `Dialect` of Google's Gemini Live."""

    name = "gemini"
    default_model = "gemini-3.8-live"
    audio = AudioFormat(rate_hz=_INPUT_HZ)
    facts = DialectFacts(
        configures_first=True,
        reports_endpoint=False,
        announces_responses=False,
        key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        source="Google, Gemini Live API (types of google-genai 3.3)",
        as_of="2026-11-28",
    )

    def open(self, _identity: str) -> DialectSession:
        """Return a session, which numbers the responses."""
        return _Session()

    def path(self, _settings: SessionSettings) -> str:
        """Return the endpoint of Google AI Studio."""
        return _PATH

    def headers(self, api_key: str | None, _address: str) -> list[tuple[str, str]]:
        """Return Google's key header, or nothing for servers that ask for no key."""
        return [] if api_key is None else [("x-goog-api-key", api_key)]

    def configure(self, settings: SessionSettings) -> list[bytes]:
        """Return the set-up, which has to be the first message of a session."""
        return [_encode({"setup": self.asked(settings)})]

    def asked(self, settings: SessionSettings) -> dict[str, Any]:
        """Return the set-up: spoken responses, and the user's own settings.

        Raises:
            BadInput: The user's own have no detection of turns.
        """
        setup: dict[str, Any] = {
            "model": f"models/{settings.model or self.default_model}",
            "generationConfig": {"responseModalities": ["AUDIO"]},
        }
        if settings.voice:
            voice = {"prebuiltVoiceConfig": {"voiceName": settings.voice}}
            setup["generationConfig"]["speechConfig"] = {"voiceConfig": voice}
        if settings.instructions:
            setup["systemInstruction"] = {"parts": [{"text": settings.instructions}]}
        if settings.silence_ms is not None:
            detection = {"silenceDurationMs": settings.silence_ms}
            setup["realtimeInputConfig"] = {"automaticActivityDetection": detection}
        if settings.tools:
            declared = [tool_definition(name, "parametersJsonSchema") for name in settings.tools]
            setup["tools"] = [{"functionDeclarations": declared}]
        whole = merged(setup, settings.wishes.fields)
        if _detection_of(whole).get("disabled"):
            raise BadInput(
                "switches off the detection of turns, which callers of this dialect rely on",
                where=settings.wishes.source,
                hint="Leave automaticActivityDetection on",
            )
        return whole

    def detection(self, settings: SessionSettings) -> Mapping[str, Any]:
        """Return the server's own detection, with its silence where one is asked for."""
        silence_ms = _detection_of(self.asked(settings)).get("silenceDurationMs")
        asked = {} if silence_ms is None else {"silence_duration_ms": silence_ms}
        return {"type": "automatic activity detection", **asked}

    def append_audio(self, frame: bytes) -> bytes:
        """Return one piece of realtime input."""
        data = base64.b64encode(frame)
        mime = b'","mimeType":"audio/pcm;rate=%d"}}}' % _INPUT_HZ
        return b'{"realtimeInput":{"audio":{"data":"' + data + mime

    def decoder(self, audio: AudioFormat) -> AudioDecoder:
        """Return a decoder of base64."""
        return Base64Audio(audio)


def _detection_of(setup: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(mapping(setup.get("realtimeInputConfig")).get("automaticActivityDetection"))


class _Session(PlainSession):
    """One session: which response the audio belongs to, its format, and the tools asked for."""

    def __init__(self) -> None:
        self._response, self._cut = 1, False
        self._rate_hz = _OUTPUT_HZ
        self._names: dict[str, str] = {}

    def request(self, request: Request) -> list[bytes]:
        """Return a function's response; nothing else can be asked for, or needs to be."""
        if not isinstance(request, ToolResult):
            return []
        name = self._names.get(request.call_id, "")
        output = msgspec.Raw(request.output.encode())
        said = {"id": request.call_id, "name": name, "response": {"output": output}}
        return [_encode({"toolResponse": {"functionResponses": [said]}})]

    def parse(self, message: bytes) -> tuple[Event, ...]:
        """Turn one message into events.

        Raises:
            MalformedMessage: It is no message of this API.
        """
        try:
            said = _decode(message)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise MalformedMessage("not a message of this API") from error
        events: list[Event] = []
        if said.setup_complete is not None:
            configured = SessionConfigured(
                "server", output=AudioFormat(_OUTPUT_HZ), detects_turns=True
            )
            named = SessionCreated(sanitised(said.setup_complete.session_id))
            events += [configured, named]
        if said.voice_activity is not None:
            events += _activity(said.voice_activity)
        if said.tool_call is not None:
            events += [self._call(call) for call in said.tool_call.function_calls]
        if said.server_content is not None:
            events += self._content(said.server_content, said.usage_metadata)
        return tuple(events) or (Notice("message without content"),)

    @property
    def _name(self) -> str:
        return f"response-{self._response}"

    def _content(self, content: _Content, usage: _Usage | None) -> list[Event]:
        events: list[Event] = []
        for part in content.model_turn.parts if content.model_turn is not None else ():
            if part.inline_data is not None:
                events += self._audio(part.inline_data)
            elif part.text is not None:
                events.append(TextDelta(self._name))
        if content.output_transcription:
            events.append(TextDelta(self._name))
        if content.interrupted:
            events.append(ResponseDone(self._name, ResponseStatus.CANCELLED, "interrupted"))
            self._cut = True
        if content.turn_complete:
            if not self._cut:
                done = ResponseDone(self._name, ResponseStatus.COMPLETED, usage=_tokens(usage))
                events.append(done)
            self._response, self._cut = self._response + 1, False
        return events

    def _audio(self, blob: _Blob) -> list[Event]:
        delta, named = AudioDelta(blob.data.encode(), self._name), _RATE.search(blob.mime_type)
        rate_hz = self._rate_hz if named is None else int(named[1])
        if rate_hz == self._rate_hz or not 8_000 <= rate_hz <= 48_000:
            return [delta]
        self._rate_hz = rate_hz
        return [SessionConfigured("server", output=AudioFormat(rate_hz)), delta]

    def _call(self, call: _Call) -> ToolCall:
        call_id = call.id or call.name
        self._names[call_id] = call.name
        return ToolCall(call_id, sanitised(call.name), bytes(call.args).decode(), self._name)


def _activity(told: _Activity) -> list[Event]:
    match told.voice_activity_type:
        case "ACTIVITY_START":
            return [SpeechStarted()]
        case "ACTIVITY_END":
            return [SpeechStopped()]
    return []


def _tokens(usage: _Usage | None) -> TokenUsage | None:
    """Return the tokens of a turn; kinds that are not told are not known, rather than none."""
    if usage is None:
        return None
    heard, said = _kinds(usage.prompt_tokens_details), _kinds(usage.response_tokens_details)
    return TokenUsage(
        input_text=heard.get("TEXT", 0) if heard is not None else None,
        input_audio=heard.get("AUDIO", 0) if heard is not None else None,
        output_text=said.get("TEXT", 0) if said is not None else None,
        output_audio=said.get("AUDIO", 0) if said is not None else None,
        input_total=usage.prompt_token_count,
        output_total=usage.response_token_count,
    )


def _kinds(counts: list[_Count] | None) -> dict[str, int] | None:
    if counts is None:
        return None
    found: dict[str, int] = {}
    for count in counts:
        found[count.modality] = found.get(count.modality, 0) + count.token_count
    return found
