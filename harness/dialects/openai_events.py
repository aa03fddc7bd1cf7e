"""What OpenAI's Realtime API says, as neutral events: the GA words and those of the preview.

One decode gives the type and, of the audio deltas that most messages are, the three strings that
are wanted. Everything else is read leniently, since servers that resemble OpenAI's differ in every
optional part: only a message without a type, or an audio delta without audio, cannot be read.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from harness.dialects.base import MalformedMessage
from harness.dialects.lenient import as_json, decoded, identifier, mapping, number, part, text
from harness.dialects.openai_session import session_created, session_updated
from harness.errors import sanitised, server_words
from harness.model import (
    AudioDelta,
    AudioFormat,
    CallerTranscript,
    Event,
    InputCommitted,
    Notice,
    ProviderError,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TokenUsage,
    ToolCall,
)

SETTINGS_EVENT = "event_harness_settings"
"""Name of our `session.update`: a server that refuses it says which event it refused."""

# First parts of a refused field's path, where the event was none that configures the session.
_OTHER_EVENTS = ("audio", "item", "item_id", "response", "content_index", "audio_end_ms")
_WHITE = b" \t\r\n"
_AUDIO_DELTA = "response.output_audio.delta"
# Names of the preview of 2024, which servers that resemble OpenAI's still use.
_OLD_NAMES = {
    "response.audio.delta": _AUDIO_DELTA,
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.text.delta": "response.output_text.delta",
}


# The one decode that every message gets: its type, and what an audio delta consists of.
class _Head(msgspec.Struct):
    type: str
    delta: msgspec.Raw = msgspec.Raw(b"null")
    response_id: str | None = None
    item_id: str | None = None


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_text = msgspec.json.Decoder(str).decode


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
    fields = decoded(message)
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        raise MalformedMessage("a message without a type")
    name = str(fields["type"])
    kind = _OLD_NAMES.get(name, name)
    if kind == _AUDIO_DELTA:
        delta = msgspec.json.encode(fields.get("delta"))
        return _audio_delta(
            delta, identifier(fields.get("response_id")), identifier(fields.get("item_id"))
        )
    if (of_session := _OF_SESSION.get(kind)) is not None:
        return of_session(fields, asked)
    reader = _READERS.get(kind)
    return Notice(sanitised(kind)) if reader is None else reader(fields)


def _audio_delta(delta: bytes, response_id: str, item_id: str) -> AudioDelta:
    # Base64 needs no escapes, but some servers write "\\/" for "/" or break it into lines.
    if delta[:1] == b'"' and b"\\" not in delta:
        return AudioDelta(delta[1:-1], response_id, item_id)
    return AudioDelta(_decode_text(delta).encode().translate(None, _WHITE), response_id, item_id)


def _speech_started(fields: Mapping[str, Any]) -> Event:
    return SpeechStarted(identifier(fields.get("item_id")), number(fields.get("audio_start_ms")))


def _speech_stopped(fields: Mapping[str, Any]) -> Event:
    return SpeechStopped(identifier(fields.get("item_id")), number(fields.get("audio_end_ms")))


def _committed(fields: Mapping[str, Any]) -> Event:
    return InputCommitted(identifier(fields.get("item_id")))


def _caller_transcript(fields: Mapping[str, Any]) -> Event:
    return CallerTranscript(identifier(fields.get("item_id")), text(fields.get("transcript")))


def _not_transcribed(fields: Mapping[str, Any]) -> Event:
    return CallerTranscript(identifier(fields.get("item_id")), None)


def _text_delta(fields: Mapping[str, Any]) -> Event:
    return TextDelta(identifier(fields.get("response_id")), text(fields.get("delta")))


def _tool_call(fields: Mapping[str, Any]) -> Event:
    return _called(fields, identifier(fields.get("response_id")))


def _item_done(fields: Mapping[str, Any]) -> Event:
    item = part(fields, "item")
    if item.get("type") != "function_call":
        return Notice("response.output_item.done")
    return _called(item, identifier(fields.get("response_id")))


def _called(fields: Mapping[str, Any], response_id: str) -> ToolCall:
    arguments = fields.get("arguments")
    return ToolCall(
        identifier(fields.get("call_id")),
        text(fields.get("name")),
        arguments if isinstance(arguments, str) else as_json(arguments or {}),
        response_id,
    )


def _response_created(fields: Mapping[str, Any]) -> Event:
    return ResponseCreated(_response_id(fields))


def _response_done(fields: Mapping[str, Any]) -> Event:
    response, response_id = part(fields, "response"), _response_id(fields)
    named = text(response.get("status"))
    details = response.get("status_details")
    error = part({"d": details}, "d").get("error")
    reason = text(mapping(details).get("reason"))
    output = response.get("output")
    calls = [mapping(item) for item in output] if isinstance(output, list) else []
    code, detail = _error_words(error)
    if isinstance(details, str):
        detail = detail or details
    return ResponseDone(
        response_id,
        _status(named or text(mapping(details).get("type")), broken=bool(code or detail)),
        sanitised(code or reason),
        server_words(detail),
        _usage(response.get("usage")),
        tuple(_called(c, response_id) for c in calls if c.get("type") == "function_call"),
    )


def _error(fields: Mapping[str, Any]) -> Event:
    named = fields.get("error")
    # Some servers write the words beside the type.
    code, detail = _error_words(fields if named is None else named, beside=named is None)
    about = _of_settings(fields, mapping(fields if named is None else named))
    return ProviderError(sanitised(code), server_words(detail), about)


def _of_settings(message: Mapping[str, Any], error: Mapping[str, Any]) -> bool | None:
    """Return whether an error is about our settings, by event or field; `None` if it names none."""
    if SETTINGS_EVENT in (error.get("event_id"), message.get("event_id")):
        return True
    head = text(error.get("param")).partition(".")[0].partition("[")[0]
    if head == "session":
        return True
    return False if head in _OTHER_EVENTS else None


def _error_words(error: object, *, beside: bool = False) -> tuple[str, str]:
    """Return code and words of an error, which may be text alone."""
    if isinstance(error, str):
        return "", error
    fields = mapping(error)
    code = identifier(fields.get("code")) or ("" if beside else identifier(fields.get("type")))
    return code, text(fields.get("message"))


def _response_id(fields: Mapping[str, Any]) -> str:
    return identifier(part(fields, "response").get("id")) or identifier(fields.get("response_id"))


def _status(word: str, *, broken: bool) -> ResponseStatus:
    """Return the status; a server that names none has ended the response, well or with an error."""
    if not word:
        return ResponseStatus.FAILED if broken else ResponseStatus.COMPLETED
    try:
        return ResponseStatus(word.lower().replace("canceled", "cancelled"))
    except ValueError:
        return ResponseStatus.FAILED


def _usage(named: object) -> TokenUsage | None:
    """Return the tokens; what the server did not report stays None and never becomes 0."""
    usage = mapping(named)
    totals = number(usage.get("input_tokens")), number(usage.get("output_tokens"))
    taken, given = part(usage, "input_token_details"), part(usage, "output_token_details")
    if totals == (None, None) and not taken and not given:
        return None
    input_text, input_audio = _split(taken, totals[0])
    output_text, output_audio = _split(given, totals[1])
    # A server that reports no cache has none.
    from_cache = number(taken.get("cached_tokens"))
    cached_text, cached_audio = _split(part(taken, "cached_tokens_details"), from_cache or 0)
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
    text, audio = number(tokens.get("text_tokens")), number(tokens.get("audio_tokens"))
    unknown = text is None and audio is None and total != 0
    return (None, None) if unknown else (text or 0, audio or 0)


_READERS: dict[str, Callable[[Mapping[str, Any]], Event]] = {
    "input_audio_buffer.speech_started": _speech_started,
    "input_audio_buffer.speech_stopped": _speech_stopped,
    "input_audio_buffer.committed": _committed,
    "conversation.item.input_audio_transcription.completed": _caller_transcript,
    "conversation.item.input_audio_transcription.failed": _not_transcribed,
    "response.created": _response_created,
    "response.output_audio_transcript.delta": _text_delta,
    "response.output_text.delta": _text_delta,
    "response.function_call_arguments.done": _tool_call,
    "response.output_item.done": _item_done,
    "response.done": _response_done,
    "error": _error,
}
_OF_SESSION = {"session.created": session_created, "session.updated": session_updated}
# Known types, of which the whole message is read.
_WHOLE_READ = frozenset({*_READERS, *_OF_SESSION, _AUDIO_DELTA})
