"""A session's configuration: the defaults as captured, and the partial merge of an update.

An update is checked as a whole before any of it is applied.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from harness.simulator import refusals

Json = dict[str, Any]
_Check = Callable[[Any, str], None]

RATE_HZ = 24_000
SESSION_LIMIT_S = 3600

_TURN_DETECTION: Json = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 200,
    "idle_timeout_ms": None,
    "create_response": True,
    "interrupt_response": True,
}


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
                "format": {"type": "audio/pcm", "rate": RATE_HZ},
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": dict(_TURN_DETECTION),
            },
            "output": {
                "format": {"type": "audio/pcm", "rate": RATE_HZ},
                "voice": "alloy",
                "speed": 1.0,
            },
        },
    }


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
    _check_fields(change, _SESSION, "session")
    if change.get("model", session["model"]) != session["model"]:
        raise refusals.invalid("session.model", f"'{session['model']}': it cannot be changed")
    merged: Json = copy.deepcopy(session)
    for name, value in change.items():
        if name == "audio":
            _merge_audio(merged["audio"], value)
        else:
            merged[name] = value
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
    _check_fields(options, _RESPONSE, "response")
    return dict(options)


def _merge_audio(audio: Json, change: Json) -> None:
    for side, fields in change.items():
        for name, value in fields.items():
            if name == "format":
                continue  # only one is accepted, and that one is in effect
            partial = name == "turn_detection" and value is not None
            audio[side][name] = {**_TURN_DETECTION, **value} if partial else value


def _check_fields(value: Any, known: Mapping[str, _Check], path: str) -> None:
    if not isinstance(value, dict):
        raise refusals.invalid(path, "an object")
    for name, inner in value.items():
        if name not in known:
            raise refusals.unknown(f"{path}.{name}")
        known[name](inner, f"{path}.{name}")


def _anything(value: Any, path: str) -> None:
    """Accept what has no effect here."""


def _fields(**known: _Check) -> _Check:
    def check(value: Any, path: str) -> None:
        _check_fields(value, known, path)

    return check


def _nullable(check: _Check) -> _Check:
    def check_unless_null(value: Any, path: str) -> None:
        if value is not None:
            check(value, path)

    return check_unless_null


def _one_of(*allowed: Any) -> _Check:
    def check(value: Any, path: str) -> None:
        if not any(value == choice and type(value) is type(choice) for choice in allowed):
            raise refusals.invalid(path, f"one of {', '.join(map(repr, allowed))}")

    return check


def _kind(kind: type, words: str) -> _Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, kind):
            raise refusals.invalid(path, words)

    return check


def _number(low: float, high: float, *, whole: bool = False) -> _Check:
    kinds = int if whole else (int, float)
    words = f"{'an integer' if whole else 'a number'} from {low:g} to {high:g}"

    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            raise refusals.invalid(path, words)

    return check


def _rate(value: Any, path: str) -> None:
    if isinstance(value, int) and value < RATE_HZ:
        raise refusals.too_small(path, RATE_HZ)
    _one_of(RATE_HZ)(value, path)


def _voice(value: Any, path: str) -> None:
    if not isinstance(value, str | dict):
        raise refusals.invalid(path, "a name or an object with an id")


def _max_tokens(value: Any, path: str) -> None:
    if value != "inf":
        _number(1, 32_000, whole=True)(value, path)


_text = _kind(str, "a string")
_flag = _kind(bool, "true or false")
_pcm = _nullable(_fields(type=_one_of("audio/pcm"), rate=_rate))

_SESSION: Mapping[str, _Check] = {
    "type": _one_of("realtime"),
    "model": _text,
    "output_modalities": _one_of(["audio"]),
    "instructions": _text,
    "tools": _kind(list, "a list"),
    "tool_choice": _anything,
    "parallel_tool_calls": _anything,
    "max_output_tokens": _max_tokens,
    "tracing": _anything,
    "truncation": _anything,
    "prompt": _anything,
    "reasoning": _anything,
    "include": _anything,
    "audio": _fields(
        input=_fields(
            format=_pcm,
            transcription=_nullable(_kind(dict, "an object")),
            noise_reduction=_nullable(_kind(dict, "an object")),
            turn_detection=_nullable(
                _fields(
                    type=_one_of("server_vad"),
                    threshold=_number(0, 1),
                    prefix_padding_ms=_number(0, 10_000, whole=True),
                    silence_duration_ms=_number(10, 60_000, whole=True),
                    idle_timeout_ms=_one_of(None),
                    create_response=_flag,
                    interrupt_response=_flag,
                )
            ),
        ),
        output=_fields(format=_pcm, voice=_voice, speed=_number(0.25, 1.5)),
    ),
}

_RESPONSE: Mapping[str, _Check] = {
    "audio": _fields(output=_nullable(_fields(format=_pcm, voice=_nullable(_voice)))),
    "conversation": _one_of("auto"),
    "input": _one_of([]),
    "instructions": _text,
    "max_output_tokens": _max_tokens,
    "metadata": _kind(dict, "an object"),
    "output_modalities": _one_of(["audio"]),
    "parallel_tool_calls": _anything,
    "prompt": _anything,
    "reasoning": _anything,
    "tool_choice": _anything,
    "tools": _kind(list, "a list"),
}
