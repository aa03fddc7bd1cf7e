"""OpenAI Realtime, GA dialect, over WebSocket.

Only what is measured is parsed. One decode gives the type and, of the audio deltas that most
messages are, the three strings that are wanted; the rest of a message is read only when its type
is one we know.
"""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import msgspec

from harness.dialects.base import MalformedMessage, SessionSettings
from harness.errors import sanitised, server_words
from harness.model import (
    AudioDelta,
    AudioFormat,
    Event,
    InputCommitted,
    Notice,
    ProviderError,
    Request,
    RequestResponse,
    ResponseCreated,
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
    Truncate,
)

_TURN_DETECTION_LIMIT_CHARS = 500


# The one decode that every message gets: its type, and what an audio delta consists of.
class _Head(msgspec.Struct):
    type: str
    delta: msgspec.Raw = msgspec.Raw(b"null")
    response_id: str | None = None
    item_id: str | None = None


_AUDIO_DELTA = "response.output_audio.delta"


# Servers that only resemble OpenAI's send explicit nulls anywhere; everything is optional.
class _Session(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    audio: dict[str, Any] | None = None


class _SessionMessage(msgspec.Struct):
    session: _Session | None = None


class _ItemMessage(msgspec.Struct):
    item_id: str | None = None
    audio_start_ms: float | None = None
    audio_end_ms: float | None = None
    response_id: str | None = None


class _CallMessage(msgspec.Struct):
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    response_id: str | None = None


class _Reason(msgspec.Struct):
    type: str | None = None
    code: str | None = None
    message: str | None = None


class _StatusDetails(msgspec.Struct):
    type: str | None = None
    reason: str | None = None
    error: _Reason | None = None


class _Tokens(msgspec.Struct):
    text_tokens: int | None = None
    audio_tokens: int | None = None
    cached_tokens: int | None = None
    cached_tokens_details: dict[str, int | None] | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_token_details: _Tokens | None = None
    output_token_details: _Tokens | None = None


class _Response(msgspec.Struct):
    id: str | None = None
    status: str | None = None
    status_details: _StatusDetails | None = None
    usage: _Usage | None = None


class _ResponseMessage(msgspec.Struct):
    response: _Response | None = None


class _ErrorMessage(msgspec.Struct):
    error: _Reason | None = None


def _session_created(message: bytes) -> Event:
    session = _decode_session(message).session or _Session()
    return SessionCreated(session.id or "", session.model or "")


def _session_updated(message: bytes) -> Event:
    session = _decode_session(message).session or _Session()
    detection = ((session.audio or {}).get("input") or {}).get("turn_detection")
    text = msgspec.json.encode(detection).decode()
    return SessionConfigured(sanitised(text)[:_TURN_DETECTION_LIMIT_CHARS])


def _speech_started(message: bytes) -> Event:
    item = _decode_item(message)
    return SpeechStarted(item.item_id or "", _whole(item.audio_start_ms))


def _speech_stopped(message: bytes) -> Event:
    item = _decode_item(message)
    return SpeechStopped(item.item_id or "", _whole(item.audio_end_ms))


def _committed(message: bytes) -> Event:
    return InputCommitted(_decode_item(message).item_id or "")


def _text_delta(message: bytes) -> Event:
    return TextDelta(_decode_item(message).response_id or "")


def _audio_delta(head: _Head) -> Event:
    text = bytes(head.delta)
    # Base64 needs no escapes, but some servers write "\\/" for "/".
    audio = text[1:-1] if text[:1] == b'"' and b"\\" not in text else _decode_text(text).encode()
    return AudioDelta(audio, head.response_id or "", head.item_id or "")


def _tool_call(message: bytes) -> Event:
    call = _decode_call(message)
    return ToolCall(
        call.call_id or "", call.name or "", call.arguments or "", call.response_id or ""
    )


def _response_created(message: bytes) -> Event:
    return ResponseCreated((_decode_response(message).response or _Response()).id or "")


def _response_done(message: bytes) -> Event:
    response = _decode_response(message).response or _Response()
    details = response.status_details or _StatusDetails()
    error = details.error or _Reason()
    return ResponseDone(
        response.id or "",
        _status(response.status),
        sanitised(error.code or error.type or details.reason or ""),
        server_words(error.message or ""),
        _usage(response.usage),
    )


def _error(message: bytes) -> Event:
    error = _decode_error(message).error or _Reason()
    return ProviderError(
        sanitised(error.code or error.type or ""), server_words(error.message or "")
    )


def _status(word: str | None) -> ResponseStatus:
    """Return the status; a server that names none has at least ended the reply."""
    try:
        return ResponseStatus(word) if word is not None else ResponseStatus.COMPLETED
    except ValueError:
        return ResponseStatus.FAILED


def _usage(usage: _Usage | None) -> TokenUsage | None:
    """Return the tokens; what the server did not tell stays untold and never becomes 0."""
    if usage is None or usage == _Usage():
        return None
    taken, given = usage.input_token_details or _Tokens(), usage.output_token_details or _Tokens()
    input_text, input_audio = _split(taken)
    output_text, output_audio = _split(given)
    cached = taken.cached_tokens_details
    # A server that tells nothing of a cache has none; a total without details has no kinds.
    untold = None if cached is None and taken.cached_tokens else 0
    cached = cached or {}
    return TokenUsage(
        input_text=input_text,
        input_audio=input_audio,
        cached_text=cached.get("text_tokens") or untold,
        cached_audio=cached.get("audio_tokens") or untold,
        output_text=output_text,
        output_audio=output_audio,
        input_total=usage.input_tokens,
        output_total=usage.output_tokens,
    )


def _split(tokens: _Tokens) -> tuple[int | None, int | None]:
    """Return tokens of text and of audio; one that is named alone is all there are."""
    if tokens.text_tokens is None and tokens.audio_tokens is None:
        return None, None
    return tokens.text_tokens or 0, tokens.audio_tokens or 0


def _whole(position_ms: float | None) -> int | None:
    return None if position_ms is None else round(position_ms)


def _tool(name: str) -> dict[str, Any]:
    """Return the definition of a function of one argument; what it does is the script's affair."""
    details = {"type": "string", "description": "What the caller asked for, in a few words."}
    return {
        "type": "function",
        "name": name,
        "description": f"{name.replace('_', ' ').capitalize()}, as the caller asks.",
        "parameters": {
            "type": "object",
            "properties": {"details": details},
            "required": ["details"],
        },
    }


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_session = msgspec.json.Decoder(_SessionMessage).decode
_decode_item = msgspec.json.Decoder(_ItemMessage).decode
_decode_call = msgspec.json.Decoder(_CallMessage).decode
_decode_response = msgspec.json.Decoder(_ResponseMessage).decode
_decode_error = msgspec.json.Decoder(_ErrorMessage).decode

_READERS: dict[str, Callable[[bytes], Event]] = {
    "session.created": _session_created,
    "session.updated": _session_updated,
    "input_audio_buffer.speech_started": _speech_started,
    "input_audio_buffer.speech_stopped": _speech_stopped,
    "input_audio_buffer.committed": _committed,
    "response.created": _response_created,
    "response.output_audio_transcript.delta": _text_delta,
    "response.output_text.delta": _text_delta,
    "response.function_call_arguments.done": _tool_call,
    "response.done": _response_done,
    "error": _error,
}


class OpenAIRealtime:
    """The `Dialect` of OpenAI's Realtime API and of servers that follow it.

    Input must be 16-bit PCM at 24 kHz; the service refuses other PCM rates.
    """

    name = "openai-realtime"
    default_model = "gpt-realtime-2.1"
    audio = AudioFormat(rate_hz=24_000)

    def path(self, settings: SessionSettings) -> str:
        """Return the GA endpoint; the model is chosen in the query and cannot change later."""
        return f"/v1/realtime?model={quote(settings.model or self.default_model, safe='')}"

    def headers(self, api_key: str | None) -> list[tuple[str, str]]:
        """Return the bearer header, or nothing for servers that ask for no key."""
        return [] if api_key is None else [("Authorization", f"Bearer {api_key}")]

    def configure(self, settings: SessionSettings) -> list[bytes]:
        """Return one `session.update`: server VAD, automatic replies, PCM16 both ways."""
        pcm = {"type": "audio/pcm", "rate": self.audio.rate_hz}
        detection: dict[str, Any] = {"type": "server_vad"}
        if settings.silence_ms is not None:
            detection["silence_duration_ms"] = settings.silence_ms
        output: dict[str, Any] = {"format": pcm}
        if settings.voice:
            output["voice"] = settings.voice
        session: dict[str, Any] = {
            "type": "realtime",
            "output_modalities": ["audio"],
            "audio": {"input": {"format": pcm, "turn_detection": detection}, "output": output},
        }
        if settings.instructions:
            session["instructions"] = settings.instructions
        if settings.tools:
            session["tools"] = [_tool(name) for name in settings.tools]
            session["tool_choice"] = "auto"
        return [msgspec.json.encode({"type": "session.update", "session": session})]

    def append_audio(self, frame: bytes) -> bytes:
        """Return one `input_audio_buffer.append`."""
        return b'{"type":"input_audio_buffer.append","audio":"' + base64.b64encode(frame) + b'"}'

    def request(self, request: Request) -> bytes:
        """Return a truncation, a function's output or a `response.create`."""
        said: dict[str, Any]
        match request:
            case Truncate():
                said = {"type": "conversation.item.truncate", "item_id": request.item_id}
                said |= {"content_index": 0, "audio_end_ms": request.heard_ms}
            case ToolResult():
                item = {"type": "function_call_output", "call_id": request.call_id}
                item["output"] = request.output
                said = {"type": "conversation.item.create", "item": item}
            case RequestResponse():
                said = {"type": "response.create"}
        return msgspec.json.encode(said)

    def parse(self, message: bytes) -> Event:
        """Read the type, and what is measured of the types that matter.

        Raises:
            MalformedMessage: Not JSON, without a type, or a known type with wrong fields.
        """
        try:
            head = _decode_head(message)
            kind = head.type
            if kind == _AUDIO_DELTA:
                return _audio_delta(head)
            reader = _READERS.get(kind)
            return Notice(sanitised(kind)) if reader is None else reader(message)
        except (msgspec.MsgspecError, AttributeError, UnicodeDecodeError) as error:
            raise MalformedMessage(sanitised(error)) from error
