"""Gemini Live: JSON in both directions, from the server in binary messages.

The client sets the session up with its first message. Three things end a response: it was generated
(more audio will not come), the turn is complete (the model takes it for played), or it was
interrupted. The end of the caller's speech is told only where the model offers voice activity.
Tokens are told beside any message or alone; each report is of one reading of the conversation, so
that they add up (C).

Source: the types of google-genai 3.3 (A) for Google's Live API, `v1beta`.
"""

import base64
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from harness.dialects.base import DialectFacts, DialectSession, MalformedMessage, SessionSettings
from harness.dialects.base64_audio import Base64Audio
from harness.dialects.lenient import mapping, raw_text
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
    TokensReported,
    TokenUsage,
    ToolCall,
    ToolResult,
)

_INPUT_HZ, _OUTPUT_HZ = 16_000, 24_000
_RATE = re.compile(r"rate=(\d{1,6})\b")
_PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
_MOST_CALLS = 1_000


class _Blob(msgspec.Struct, rename="camel"):
    data: str = ""
    mime_type: str = ""


class _Part(msgspec.Struct, rename="camel"):
    inline_data: _Blob | None = None
    text: str | None = None
    thought: bool | None = None


class _Turn(msgspec.Struct, rename="camel"):
    parts: list[_Part] = []


class _Transcription(msgspec.Struct, rename="camel"):
    text: str | None = None


class _Content(msgspec.Struct, rename="camel"):
    model_turn: _Turn | None = None
    generation_complete: bool | None = None
    turn_complete: bool | None = None
    interrupted: bool | None = None
    output_transcription: _Transcription | None = None

    @property
    def is_of_response(self) -> bool:
        """Whether it says anything of a response, rather than of the caller."""
        ended = self.generation_complete or self.turn_complete or self.interrupted
        return bool(self.model_turn or self.output_transcription or ended)


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
    cached_content_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    response_token_count: int | None = None
    thoughts_token_count: int | None = None
    total_token_count: int | None = None
    prompt_tokens_details: list[_Count] | None = None
    cache_tokens_details: list[_Count] | None = None
    tool_use_prompt_tokens_details: list[_Count] | None = None
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
        hosts=("generativelanguage.googleapis.com",),
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
        """Return the set-up: spoken responses with their words, and the user's own settings.

        Raises:
            BadInput: The user's own have no detection of turns.
        """
        setup: dict[str, Any] = {
            "model": f"models/{settings.model or self.default_model}",
            "generationConfig": {"responseModalities": ["AUDIO"]},
            "outputAudioTranscription": {},
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
        # Whether anything of the response came, and whether it was interrupted.
        self._response, self._begun, self._cut = 1, False, False
        self._rate_hz = _OUTPUT_HZ
        self._names: dict[str, str] = {}

    def request(self, request: Request) -> list[bytes]:
        """Return a function's response; nothing else can be asked for, or needs to be."""
        if not isinstance(request, ToolResult):
            return []
        name = self._names.pop(request.call_id, "")
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
        content = said.server_content
        self._begun |= said.tool_call is not None or bool(content and content.is_of_response)
        if said.usage_metadata is not None:
            events.append(self._told(said.usage_metadata))
        if said.tool_call is not None:
            events += [self._call(call) for call in said.tool_call.function_calls]
        if said.server_content is not None:
            events += self._content(said.server_content)
        return tuple(events) or (Notice("message without content"),)

    @property
    def _name(self) -> str:
        return f"response-{self._response}"

    def _told(self, usage: _Usage) -> TokensReported:
        """Return tokens of the response under way, else of the one before, if there was one."""
        number = self._response if self._begun else self._response - 1
        return TokensReported(f"response-{number}" if number else "", _tokens(usage))

    def _content(self, content: _Content) -> list[Event]:
        events: list[Event] = []
        for part in content.model_turn.parts if content.model_turn is not None else ():
            if part.inline_data is not None:
                events += self._audio(part.inline_data)
            elif part.text is not None and not part.thought:
                events.append(TextDelta(self._name, part.text))
        if content.output_transcription is not None and content.output_transcription.text:
            events.append(TextDelta(self._name, content.output_transcription.text))
        if content.interrupted:
            events.append(ResponseDone(self._name, ResponseStatus.CANCELLED, "interrupted"))
            self._cut = True
        if content.turn_complete:
            if not self._cut:
                events.append(ResponseDone(self._name, ResponseStatus.COMPLETED))
            self._response, self._begun, self._cut = self._response + 1, False, False
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
        if len(self._names) < _MOST_CALLS:
            self._names[call_id] = call.name
        return ToolCall(call_id, sanitised(call.name), raw_text(call.args), self._name)


def _activity(told: _Activity) -> list[Event]:
    match told.voice_activity_type:
        case "ACTIVITY_START":
            return [SpeechStarted()]
        case "ACTIVITY_END":
            return [SpeechStopped()]
    return []


def _tokens(usage: _Usage) -> TokenUsage:
    """Return the tokens of one report.

    What is not told is not known. Google's JSON leaves out numbers that are 0, though, so that a
    count which may be missing, such as that of cached tokens, is 0 where the others are told.
    """
    prompt, thoughts = usage.prompt_token_count, usage.thoughts_token_count or 0
    tools, said = usage.tool_use_prompt_token_count or 0, usage.response_token_count
    if said is None and prompt is not None and usage.total_token_count == prompt + tools + thoughts:
        said = 0
    heard_text, heard_audio = _kinds(usage.prompt_tokens_details, prompt)
    tool_text, tool_audio = _kinds(usage.tool_use_prompt_tokens_details, tools)
    said_text, said_audio = _kinds(usage.response_tokens_details, said)
    cached = 0 if prompt is not None else None
    if usage.cached_content_token_count is not None:
        cached = usage.cached_content_token_count
    cached_text, cached_audio = _kinds(usage.cache_tokens_details, cached)
    return TokenUsage(
        input_text=_sum(heard_text, tool_text),
        input_audio=_sum(heard_audio, tool_audio),
        cached_text=cached_text,
        cached_audio=cached_audio,
        # What it thinks is billed as text that it says.
        output_text=_sum(said_text, thoughts),
        output_audio=said_audio,
        input_total=_sum(prompt, tools),
        output_total=_sum(said, thoughts),
    )


def _kinds(counts: list[_Count] | None, total: int | None) -> tuple[int | None, int | None]:
    """Return how many of the tokens are text and audio; `None` where that is not told."""
    if not counts:
        return (0, 0) if total == 0 else (None, None)
    found = Counter[str]()
    for count in counts:
        found[count.modality] += count.token_count
    if total is not None and sum(found.values()) != total:
        return None, None
    return found["TEXT"], found["AUDIO"]


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
