"""A session's configuration: the defaults as captured, and the partial merge of an update.

An update is checked as a whole before any of it is applied.
"""

import copy
from collections.abc import Mapping
from typing import Any

from harness.simulator.protocol import refusals
from harness.simulator.protocol.checks import (
    Check,
    anything,
    by_type,
    check_fields,
    fields,
    flag,
    listing,
    mapping,
    nullable,
    number,
    one_of,
    text,
)
from harness.simulator.voice.sound_formats import FORMATS, PCM

Json = dict[str, Any]

_TURN_DETECTION: Mapping[str, Json] = {
    "server_vad": {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 200,
        "idle_timeout_ms": None,
        "create_response": True,
        "interrupt_response": True,
    },
    "semantic_vad": {
        "type": "semantic_vad",
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
    },
}
_ABOUT_RESPONSES = ("idle_timeout_ms", "create_response", "interrupt_response")
_WITHOUT_DETECTION = "gpt-realtime-whisper"  # by the documentation, in transcription sessions
_TRANSCRIPTION_MODEL = "gpt-4o-mini-transcribe"


def default_session(*, session_id: str, model: str, expires_at: int) -> Json:
    """Return the whole session object as `session.created` shows it."""
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": expires_at,
        "include": None,
        "audio": {
            "input": {
                "format": PCM.wire,
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": dict(_TURN_DETECTION["server_vad"]),
            },
            "output": {"format": PCM.wire, "voice": "alloy", "speed": 1.0},
        },
    }


def transcription_session(*, session_id: str, expires_at: int) -> Json:
    """Return the whole object of a session that only writes down what is said, as captured."""
    return {
        "type": "transcription",
        "object": "realtime.transcription_session",
        "id": session_id,
        "expires_at": expires_at,
        "audio": {
            "input": {
                "format": PCM.wire,
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": _without_responses(_TURN_DETECTION["server_vad"]),
            }
        },
        "include": None,
    }


def _without_responses(detection: Json) -> Json:
    """Return the keys of a turn detection that have a meaning where nothing is answered."""
    return {name: value for name, value in detection.items() if name not in _ABOUT_RESPONSES}


def updated(session: Json, change: Any, *, voice_is_set: bool) -> Json:
    """Return `session` with `change` merged in; the original is left alone.

    Args:
        session: The whole effective session.
        change: What the client sent.
        voice_is_set: Whether the assistant has spoken, after which the voice is fixed.

    Raises:
        Refused: Some field is missing, unknown or has a value that is not supported.
    """
    if not isinstance(change, dict):
        raise refusals.invalid("session", "an object")
    if "type" not in change:
        raise refusals.missing("session.type")
    if change["type"] != session["type"]:
        raise refusals.invalid("session.type", f"'{session['type']}'")
    transcribes = session["type"] == "transcription"
    check_fields(change, _TRANSCRIPTION if transcribes else _SESSION, "session")
    if change.get("model", session.get("model")) != session.get("model"):
        raise refusals.invalid("session.model", f"'{session['model']}': it cannot be changed")
    merged: Json = copy.deepcopy(session)
    for name, value in change.items():
        if name == "audio":
            _merge_audio(merged["audio"], value)
        else:
            merged[name] = value
    if transcribes:
        audio = merged["audio"]["input"]
        if audio["turn_detection"] is not None:
            audio["turn_detection"] = _without_responses(audio["turn_detection"])
            if (audio["transcription"] or {}).get("model") == _WITHOUT_DETECTION:
                path = "session.audio.input.turn_detection"
                raise refusals.invalid(path, f"null with {_WITHOUT_DETECTION}")
        return merged
    voice, before = (s["audio"]["output"]["voice"] for s in (merged, session))
    if voice_is_set and voice != before:
        raise refusals.voice_is_set()
    return merged


def checked_response(options: Any) -> Json:
    """Return the options of a `response.create`, an empty object when there are none.

    Raises:
        Refused: Some field is unknown or has a value that is not supported.
    """
    if options is None:
        return {}
    if isinstance(options, dict):
        options = {name: value for name, value in options.items() if value is not None}
    check_fields(options, _RESPONSE, "response")
    return dict(options)


def _merge_audio(audio: Json, change: Json) -> None:
    for side, inner in change.items():
        for name, value in inner.items():
            audio[side][name] = _completed(name, value)


def _completed(name: str, value: Any) -> Any:
    """Return a field of the audio configuration with the defaults of what was left out."""
    if name == "format":
        return FORMATS[(value or {}).get("type", PCM.name)].wire
    if value is None:
        return None
    if name == "turn_detection":
        return _TURN_DETECTION[value.get("type", "server_vad")] | value
    if name == "transcription":
        given = {key: inner for key, inner in value.items() if inner is not None}
        return {"model": _TRANSCRIPTION_MODEL} | given
    return value


def _rate(value: Any, path: str) -> None:
    if isinstance(value, int) and value < PCM.rate_hz:
        raise refusals.too_small(path, PCM.rate_hz)
    one_of(PCM.rate_hz)(value, path)


def _format(value: Any, path: str) -> None:
    tables: dict[str, Mapping[str, Check]] = {name: {} for name in FORMATS}
    tables[PCM.name] = {"rate": _rate}
    by_type(**tables)(value, path)


def _voice(value: Any, path: str) -> None:
    if not isinstance(value, str | dict):
        raise refusals.invalid(path, "a name or an object with an id")


def _max_tokens(value: Any, path: str) -> None:
    if value != "inf":
        number(1, 32_000, whole=True)(value, path)


def _tools(value: Any, path: str) -> None:
    listing(value, path)
    for index, tool in enumerate(value):
        mapping(tool, f"{path}[{index}]")
        if tool.get("type", "function") != "function":
            raise refusals.not_simulated(f"{path}[{index}].type", tool["type"], "function")
        if not isinstance(tool.get("name"), str):
            raise refusals.missing(f"{path}[{index}].name")


def _metadata(value: Any, path: str) -> None:
    mapping(value, path)
    if len(value) > 16:
        raise refusals.invalid(path, "at most 16 pairs")
    for key, given in value.items():
        if not isinstance(given, str) or len(given) > 512 or len(key) > 64:
            raise refusals.invalid(f"{path}.{key[:64]}", "a string of at most 512 characters")


def _tool_choice(value: Any, path: str) -> None:
    if isinstance(value, dict):
        if value.get("type", "function") != "function":
            raise refusals.not_simulated(f"{path}.type", value["type"], "function")
        return
    one_of("none", "auto", "required")(value, path)


_modalities = one_of(["audio"], ["text"])
_transcription = fields(
    model=nullable(text),
    language=nullable(text),
    languages=anything,
    keywords=anything,
    prompt=nullable(text),
    delay=anything,
)
_turn_detection = by_type(
    server_vad={
        "threshold": number(0, 1),
        "prefix_padding_ms": number(0, 10_000, whole=True),
        "silence_duration_ms": number(10, 60_000, whole=True),
        "idle_timeout_ms": nullable(number(100, 600_000, whole=True)),
        "create_response": flag,
        "interrupt_response": flag,
    },
    semantic_vad={
        "eagerness": one_of("low", "medium", "high", "auto"),
        "create_response": flag,
        "interrupt_response": flag,
    },
)

_input = fields(
    format=nullable(_format),
    transcription=nullable(_transcription),
    noise_reduction=nullable(mapping),
    turn_detection=nullable(_turn_detection),
)

_SESSION: Mapping[str, Check] = {
    "type": one_of("realtime"),
    "model": text,
    "output_modalities": _modalities,
    "instructions": text,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "parallel_tool_calls": anything,
    "max_output_tokens": _max_tokens,
    "tracing": anything,
    "truncation": anything,
    "prompt": anything,
    "reasoning": anything,
    "include": anything,
    "audio": fields(
        input=_input,
        output=fields(format=nullable(_format), voice=_voice, speed=number(0.25, 1.5)),
    ),
}

_TRANSCRIPTION: Mapping[str, Check] = {
    "type": one_of("transcription"),
    "include": anything,
    "audio": fields(input=_input),
}

_RESPONSE: Mapping[str, Check] = {
    "audio": fields(output=nullable(fields(format=nullable(_format), voice=nullable(_voice)))),
    "conversation": one_of("auto", "none"),
    "input": listing,
    "instructions": text,
    "max_output_tokens": _max_tokens,
    "metadata": _metadata,
    "output_modalities": _modalities,
    "parallel_tool_calls": anything,
    "prompt": anything,
    "reasoning": anything,
    "tool_choice": _tool_choice,
    "tools": _tools,
}
