"""What OpenAI's Realtime API says, as neutral events: the GA words and those of the preview.

One decode gives the type and, of the audio deltas that most messages are, the three strings that
are wanted. Everything else is read leniently, since servers that resemble OpenAI's differ in every
optional part: a field of another kind than expected is as good as absent, and only a message
without a type, or an audio delta without audio, cannot be read.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from harness.dialects.base import MalformedMessage
from harness.errors import sanitised, server_words
from harness.model import (
    AudioDelta,
    AudioFormat,
    Encoding,
    Event,
    InputCommitted,
    Notice,
    ProviderError,
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
)

SETTINGS_EVENT = "event_harness_settings"
"""Name of our `session.update`: a server that refuses it says which event it refused."""

_TURN_DETECTION_LIMIT_CHARS = 500
# What servers write for no turn detection, in place of null.
_NO_DETECTION = ("", "none", "null", "off", "disabled", "manual", "push_to_talk")
# First parts of a refused field's path, where the event was none that configures the session.
_OTHER_EVENTS = ("audio", "item", "item_id", "response", "content_index", "audio_end_ms")
_G711_RATE_HZ = 8_000
_WHITE = b" \t\r\n"
_AUDIO_DELTA = "response.output_audio.delta"
# Names of the preview of 2024, which servers that resemble OpenAI's still use.
_OLD_NAMES = {
    "response.audio.delta": _AUDIO_DELTA,
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.text.delta": "response.output_text.delta",
}
_ENCODINGS = {
    "audio/pcm": Encoding.PCM16,
    "pcm16": Encoding.PCM16,
    "audio/pcmu": Encoding.MULAW,
    "g711_ulaw": Encoding.MULAW,
    "audio/pcma": Encoding.ALAW,
    "g711_alaw": Encoding.ALAW,
}


# The one decode that every message gets: its type, and what an audio delta consists of.
class _Head(msgspec.Struct):
    type: str
    delta: msgspec.Raw = msgspec.Raw(b"null")
    response_id: str | None = None
    item_id: str | None = None


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_any = msgspec.json.Decoder().decode


def parse(message: bytes, asked: AudioFormat) -> Event:
    """Read the type, and what is measured of the types that matter.

    Args:
        message: UTF-8 text.
        asked: The format that was asked for, where the server names a part of it only.

    Raises:
        MalformedMessage: Not a JSON object with a type, or an audio delta without audio.
    """
    try:
        head = _decode_head(message)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        head = None
    try:
        if head is not None and head.type == _AUDIO_DELTA:
            return _audio_delta(bytes(head.delta), head.response_id or "", head.item_id or "")
        if head is not None and head.type not in _WHOLE_READ and head.type not in _OLD_NAMES:
            return Notice(sanitised(head.type))
        return _read(message, asked)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(sanitised(error)) from error


def old_name(message: bytes) -> str:
    """Return the name of a message that the preview called otherwise, empty for all others."""
    try:
        kind = _decode_head(message).type
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return kind if kind in _OLD_NAMES else ""


def _read(message: bytes, asked: AudioFormat) -> Event:
    fields = _decode_any(message)
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise MalformedMessage("a message without a type")
    name = str(fields["type"])
    kind = _OLD_NAMES.get(name, name)
    if kind == _AUDIO_DELTA:
        delta = msgspec.json.encode(fields.get("delta"))
        return _audio_delta(delta, _id(fields.get("response_id")), _id(fields.get("item_id")))
    if kind == "session.updated":
        return _session_updated(fields, asked)
    reader = _READERS.get(kind)
    return Notice(sanitised(kind)) if reader is None else reader(fields)


def _audio_delta(delta: bytes, response_id: str, item_id: str) -> AudioDelta:
    # Base64 needs no escapes, but some servers write "\\/" for "/" or break it into lines.
    if delta[:1] == b'"' and b"\\" not in delta:
        return AudioDelta(delta[1:-1], response_id, item_id)
    return AudioDelta(_decode_text(delta).encode().translate(None, _WHITE), response_id, item_id)


def _session_created(fields: Mapping[str, Any]) -> Event:
    session = _part(fields, "session")
    return SessionCreated(_id(session.get("id")), _text(session.get("model")))


def _session_updated(fields: Mapping[str, Any], asked: AudioFormat) -> Event:
    session = _part(fields, "session")
    audio = _part(session, "audio")
    taken, given = _part(audio, "input"), _part(audio, "output")
    # The preview's session is flat.
    detection = taken.get("turn_detection", session.get("turn_detection"))
    voice = _text(given.get("voice") or session.get("voice"))
    named_in = taken.get("format", session.get("input_audio_format"))
    named_out = given.get("format", session.get("output_audio_format"))
    output, input_ = _format(named_out, asked), _format(named_in, asked)
    reported = "turn_detection" in taken or "turn_detection" in session
    text = sanitised(msgspec.json.encode(detection).decode())[:_TURN_DETECTION_LIMIT_CHARS]
    tools = session.get("tools")
    return SessionConfigured(
        text if reported else "",
        provider_session_id=_id(session.get("id")),
        model=_text(session.get("model")),
        output=output,
        output_unknown="" if named_out is None or output else _json(named_out),
        input=input_,
        input_unknown="" if named_in is None or input_ else _json(named_in),
        silence_ms=_number(_part({"d": detection}, "d").get("silence_duration_ms")),
        voice=sanitised(voice),
        tools=_tool_names(tools),
        detection=sanitised(_detection(detection)),
        detects_turns=_detects_turns(detection) if reported else None,
        answers=_flag(_dict(detection).get("create_response")),
        speaks=_speaks(session.get("output_modalities", session.get("modalities"))),
        old_words=not audio and ("output_audio_format" in session or "turn_detection" in session),
    )


def _tool_names(tools: object) -> tuple[str, ...] | None:
    if not isinstance(tools, list):
        return None
    return tuple(sanitised(_text(_dict(tool).get("name"))) for tool in tools)


def _detection(named: object) -> str:
    """Return the kind of a turn detection, empty for one that is not named."""
    return _text(_dict(named).get("type")) or _text(named)


def _detects_turns(named: object) -> bool | None:
    """Return whether a server with this turn detection detects turns, `None` if it does not say."""
    fields = _dict(named)
    if named is None or named is False or _flag(fields.get("enabled")) is False:
        return False
    if isinstance(named, str) or "type" in fields:
        return _detection(named).strip().lower() not in _NO_DETECTION
    return None


def _speaks(modalities: object) -> bool | None:
    """Return whether audio is among the kinds of output that a session names."""
    named = [modalities] if isinstance(modalities, str) else modalities
    if not isinstance(named, list) or not named:
        return None
    return "audio" in [_text(word).lower() for word in named]


def _format(named: object, asked: AudioFormat) -> AudioFormat | None:
    """Return the format that a session names, `None` for one that is not known or not named."""
    fields = _dict(named)
    encoding = _ENCODINGS.get(_text(fields.get("type") if fields else named).lower())
    if encoding is None:
        return None
    usual_hz = asked.rate_hz if encoding is Encoding.PCM16 else _G711_RATE_HZ
    try:
        return AudioFormat(rate_hz=_number(fields.get("rate")) or usual_hz, encoding=encoding)
    except ValueError:
        return None


def _speech_started(fields: Mapping[str, Any]) -> Event:
    return SpeechStarted(_id(fields.get("item_id")), _number(fields.get("audio_start_ms")))


def _speech_stopped(fields: Mapping[str, Any]) -> Event:
    return SpeechStopped(_id(fields.get("item_id")), _number(fields.get("audio_end_ms")))


def _committed(fields: Mapping[str, Any]) -> Event:
    return InputCommitted(_id(fields.get("item_id")))


def _text_delta(fields: Mapping[str, Any]) -> Event:
    return TextDelta(_id(fields.get("response_id")))


def _tool_call(fields: Mapping[str, Any]) -> Event:
    return _called(fields, _id(fields.get("response_id")))


def _called(fields: Mapping[str, Any], response_id: str) -> ToolCall:
    arguments = fields.get("arguments")
    return ToolCall(
        _id(fields.get("call_id")),
        _text(fields.get("name")),
        arguments if isinstance(arguments, str) else _json(arguments or {}),
        response_id,
    )


def _response_created(fields: Mapping[str, Any]) -> Event:
    return ResponseCreated(_response_id(fields))


def _response_done(fields: Mapping[str, Any]) -> Event:
    response, response_id = _part(fields, "response"), _response_id(fields)
    details = response.get("status_details")
    error = _part({"d": details}, "d").get("error")
    reason = _text(_dict(details).get("reason"))
    output = response.get("output")
    calls = [_dict(item) for item in output] if isinstance(output, list) else []
    code, detail = _error_words(error)
    if isinstance(details, str):
        detail = detail or details
    return ResponseDone(
        response_id,
        _status(response.get("status")),
        sanitised(code or reason),
        server_words(detail),
        _usage(response.get("usage")),
        tuple(_called(c, response_id) for c in calls if c.get("type") == "function_call"),
    )


def _error(fields: Mapping[str, Any]) -> Event:
    named = fields.get("error")
    # Some servers write the words beside the type.
    code, detail = _error_words(fields if named is None else named, beside=named is None)
    about = _of_settings(fields, _dict(fields if named is None else named))
    return ProviderError(sanitised(code), server_words(detail), about)


def _of_settings(message: Mapping[str, Any], error: Mapping[str, Any]) -> bool | None:
    """Return whether an error is about our settings, by event or field; `None` if it names none."""
    if SETTINGS_EVENT in (error.get("event_id"), message.get("event_id")):
        return True
    head = _text(error.get("param")).partition(".")[0].partition("[")[0]
    if head == "session":
        return True
    return False if head in _OTHER_EVENTS else None


def _error_words(error: object, *, beside: bool = False) -> tuple[str, str]:
    """Return code and words of an error, which may be text alone."""
    if isinstance(error, str):
        return "", error
    fields = _dict(error)
    code = _id(fields.get("code")) or ("" if beside else _id(fields.get("type")))
    return code, _text(fields.get("message"))


def _response_id(fields: Mapping[str, Any]) -> str:
    return _id(_part(fields, "response").get("id")) or _id(fields.get("response_id"))


def _status(word: object) -> ResponseStatus:
    """Return the status; a server that names none has at least ended the response."""
    if not isinstance(word, str):
        return ResponseStatus.COMPLETED
    try:
        return ResponseStatus(word)
    except ValueError:
        return ResponseStatus.FAILED


def _usage(named: object) -> TokenUsage | None:
    """Return the tokens; what the server did not report stays None and never becomes 0."""
    usage = _dict(named)
    totals = _number(usage.get("input_tokens")), _number(usage.get("output_tokens"))
    taken, given = _part(usage, "input_token_details"), _part(usage, "output_token_details")
    if totals == (None, None) and not taken and not given:
        return None
    input_text, input_audio = _split(taken, totals[0])
    output_text, output_audio = _split(given, totals[1])
    # A server that reports no cache has none.
    from_cache = _number(taken.get("cached_tokens"))
    cached_text, cached_audio = _split(_part(taken, "cached_tokens_details"), from_cache or 0)
    if from_cache not in (None, (cached_text or 0) + (cached_audio or 0)):
        cached_text = cached_audio = None
    try:
        return TokenUsage(
            input_text=input_text,
            input_audio=input_audio,
            cached_text=cached_text,
            cached_audio=cached_audio,
            output_text=output_text,
            output_audio=output_audio,
            input_total=totals[0],
            output_total=totals[1],
        )
    except ValueError:
        return None


def _split(tokens: Mapping[str, Any], total: int | None) -> tuple[int | None, int | None]:
    """Return tokens of text and of audio; one that is named alone is all there are.

    A total has no kinds, unless it is none at all.
    """
    text, audio = _number(tokens.get("text_tokens")), _number(tokens.get("audio_tokens"))
    unknown = text is None and audio is None and total != 0
    return (None, None) if unknown else (text or 0, audio or 0)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _part(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    return _dict(fields.get(name))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _id(value: object) -> str:
    """Return an identifier or code, which may be a number."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number else _text(value)


def _flag(value: object) -> bool | None:
    """Return a truth value that may be written as text."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def _json(value: object) -> str:
    return sanitised(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def _number(value: object) -> int | None:
    """Return a whole number that may be written as text or as a fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return round(float(value))
    except (ValueError, OverflowError):
        return None


_READERS: dict[str, Callable[[Mapping[str, Any]], Event]] = {
    "session.created": _session_created,
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
# Known types, of which the whole message is read.
_WHOLE_READ = frozenset({*_READERS, _AUDIO_DELTA, "session.updated"})
