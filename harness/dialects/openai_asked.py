"""The session that is asked of OpenAI's Realtime API: our defaults, and the user's own over them.

What may not be asked for is what harness could not measure with: audio it does not speak, a
session that answers in writing.
"""

from collections.abc import Mapping
from typing import Any

from harness.dialects.base import SessionSettings
from harness.dialects.lenient import flag, mapping, text
from harness.dialects.session_wishes import merged
from harness.dialects.tool_definition import tool_definition
from harness.errors import BadInput, sanitised
from harness.model import AudioFormat

SERVER_VAD = "server_vad"
# How files say that there is no turn detection where the format has no null.
_NONE = ("none", "null")
_OLD_FORMATS = ("input_audio_format", "output_audio_format")


def asked_session(settings: SessionSettings, audio: AudioFormat) -> dict[str, Any]:
    """Return the session as it is sent.

    Args:
        settings: What is asked for.
        audio: The format that both sides are to speak.

    Raises:
        BadInput: The user's own session asks for what cannot be had, or against an option.
    """
    own = _with_null(settings.wishes.fields)
    _check(own, settings, audio)
    pcm = {"type": "audio/pcm", "rate": audio.rate_hz}
    detection: dict[str, Any] = {"type": SERVER_VAD}
    if settings.silence_ms is not None:
        detection["silence_duration_ms"] = settings.silence_ms
    output: dict[str, Any] = {"format": pcm}
    if settings.voice:
        output["voice"] = settings.voice
    defaults: dict[str, Any] = {
        "type": "realtime",
        "output_modalities": ["audio"],
        "audio": {"input": {"format": pcm, "turn_detection": detection}, "output": output},
    }
    if settings.instructions:
        defaults["instructions"] = settings.instructions
    session = merged(defaults, own)
    session["audio"]["input"]["format"] = session["audio"]["output"]["format"] = pcm
    _add_tools(session, settings.tools)
    _check_silence(settings, detection_of(session))
    return session


def own_session(settings: SessionSettings) -> dict[str, Any]:
    """Return what the user asked for, by a session of their own or by an option."""
    own = _with_null(settings.wishes.fields)
    if not settings.silence_given or settings.silence_ms is None:
        return own
    detection = {"silence_duration_ms": settings.silence_ms}
    return merged({"audio": {"input": {"turn_detection": detection}}}, own)


def detection_of(session: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the turn detection of a session, `None` for none: the caller commits by hand."""
    found = session["audio"]["input"]["turn_detection"]
    return None if found is None else mapping(found)


def _with_null(own: dict[str, Any]) -> dict[str, Any]:
    """Return a session with no turn detection where it says so in a word."""
    audio = own.get("audio")
    taken = audio.get("input") if isinstance(audio, dict) else None
    if isinstance(taken, dict) and "turn_detection" in taken:
        named = taken["turn_detection"]
        word = text(mapping(named).get("type")) or text(named)
        if word.strip().lower() in _NONE:
            taken["turn_detection"] = None
    return own


def _check(own: Mapping[str, Any], settings: SessionSettings, audio: AudioFormat) -> None:
    where = settings.wishes.source
    parts = mapping(own.get("audio"))
    for name, part in (("audio", own.get("audio", {})), *(_inner(parts))):
        if not isinstance(part, Mapping):
            raise BadInput(f"{name} is no object", where=where)
    if own.get("type", "realtime") != "realtime":
        kind = sanitised(own["type"])
        raise BadInput(f"type is {kind}: only a realtime session answers aloud", where=where)
    if "model" in own and own["model"] != settings.model:
        raise BadInput(
            "names a model, which a session cannot change", where=where, hint="Give it by --model"
        )
    for side in ("input", "output"):
        _check_format(f"audio.{side}.format", mapping(parts.get(side)).get("format"), audio, where)
    for name in _OLD_FORMATS:
        _check_format(name, own.get(name), audio, where)
    modalities = own.get("output_modalities", own.get("modalities", ["audio"]))
    if not isinstance(modalities, list) or "audio" not in modalities:
        raise BadInput(
            "asks for responses without audio: there would be nothing to hear",
            where=where,
            hint='Leave out output_modalities, or give ["audio"]',
        )
    detection = mapping(mapping(parts.get("input")).get("turn_detection"))
    if flag(detection.get("create_response")) is False:
        raise BadInput(
            "asks for turns that are not answered (create_response is false)",
            where=where,
            hint='Leave it out, or have callers commit by hand with turn_detection = "none"',
        )


def _inner(parts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(f"audio.{side}", parts.get(side, {})) for side in ("input", "output")]


def _check_format(name: str, asked: Any, audio: AudioFormat, where: str) -> None:
    """Refuse a format that the dialect does not speak."""
    if asked is None:
        return
    word = text(mapping(asked).get("type")) or text(asked)
    rate_hz = mapping(asked).get("rate", audio.rate_hz)
    if word not in ("audio/pcm", "pcm16") or rate_hz != audio.rate_hz:
        found = sanitised(word or asked) + ("" if rate_hz == audio.rate_hz else f" at {rate_hz} Hz")
        raise BadInput(
            f"{name} is {found}, and callers speak audio/pcm at {audio.rate_hz} Hz",
            where=where,
            hint="Leave out the format",
        )


def _check_silence(settings: SessionSettings, detection: Mapping[str, Any] | None) -> None:
    """Refuse an option that the user's own session speaks against."""
    if not settings.silence_given or settings.silence_ms is None:
        return
    found = None if detection is None else detection.get("silence_duration_ms")
    if found != settings.silence_ms:
        kind = "none" if detection is None else text(detection.get("type"))
        words = "no silence of its own" if found is None else f"{found} ms"
        raise BadInput(
            f"asks for {settings.silence_ms} ms, but turn_detection of the session is"
            f" {sanitised(kind)} with {words} ({settings.wishes.source})",
            where="--silence-ms",
            hint="Give the silence in one place",
        )


def _add_tools(session: dict[str, Any], names: tuple[str, ...]) -> None:
    """Add the tools that callers' dialogues need and the session does not define."""
    own = session.get("tools", [])
    if not names or not isinstance(own, list):
        return
    known = [mapping(tool).get("name") for tool in own]
    session["tools"] = [
        *own,
        *({"type": "function", **tool_definition(name)} for name in names if name not in known),
    ]
    session.setdefault("tool_choice", "auto")
