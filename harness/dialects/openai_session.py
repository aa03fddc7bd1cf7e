"""What OpenAI's Realtime API says of a session: its name, model, formats, detection and tools."""

from collections.abc import Mapping
from typing import Any

import msgspec

from harness.dialects.lenient import as_json, flag, identifier, mapping, number, part, text
from harness.errors import sanitised
from harness.model import AudioFormat, Encoding, Event, SessionConfigured, SessionCreated

_TURN_DETECTION_LIMIT_CHARS = 500
# What servers write for no turn detection, in place of null.
_NO_DETECTION = ("", "none", "null", "off", "disabled", "manual", "push_to_talk")
_G711_RATE_HZ = 8_000
# Nobody samples audio faster; what is more is no rate.
_LARGEST_RATE_HZ = 1_000_000
_ENCODINGS = {
    "audio/pcm": Encoding.PCM16,
    "pcm16": Encoding.PCM16,
    "audio/pcmu": Encoding.MULAW,
    "g711_ulaw": Encoding.MULAW,
    "audio/pcma": Encoding.ALAW,
    "g711_alaw": Encoding.ALAW,
}


def session_created(fields: Mapping[str, Any], asked: AudioFormat) -> Event:
    """Return what `session.created` says; `asked` completes a format named in part."""
    session = part(fields, "session")
    stated = _formats(session, asked)
    formats = SessionConfigured(**stated) if any(stated.values()) else None
    return SessionCreated(identifier(session.get("id")), text(session.get("model")), formats)


def session_updated(fields: Mapping[str, Any], asked: AudioFormat) -> Event:
    """Return what `session.updated` acknowledges; `asked` completes a format named in part."""
    session = part(fields, "session")
    audio = part(session, "audio")
    taken, given = part(audio, "input"), part(audio, "output")
    # The preview's session is flat.
    detection = taken.get("turn_detection", session.get("turn_detection"))
    voice = text(given.get("voice") or session.get("voice"))
    reported = "turn_detection" in taken or "turn_detection" in session
    words = sanitised(msgspec.json.encode(detection).decode())[:_TURN_DETECTION_LIMIT_CHARS]
    tools = session.get("tools")
    return SessionConfigured(
        words if reported else "",
        provider_session_id=identifier(session.get("id")),
        model=text(session.get("model")),
        **_formats(session, asked),
        silence_ms=number(part({"d": detection}, "d").get("silence_duration_ms")),
        voice=sanitised(voice),
        tools=_tool_names(tools),
        detection=sanitised(_detection(detection)),
        detects_turns=_detects_turns(detection) if reported else None,
        answers=flag(mapping(detection).get("create_response")),
        speaks=_speaks(session.get("output_modalities", session.get("modalities"))),
        old_words=not audio and ("output_audio_format" in session or "turn_detection" in session),
        told=session,
    )


def _formats(session: Mapping[str, Any], asked: AudioFormat) -> dict[str, Any]:
    """Return how a session says that audio is written, in both directions."""
    audio, found = part(session, "audio"), dict[str, Any]()
    for side in ("input", "output"):
        # The preview's session is flat.
        named = part(audio, side).get("format", session.get(f"{side}_audio_format"))
        found[side] = _format(named, asked)
        found[f"{side}_unknown"] = _unknown(named, found[side])
    return found


def _tool_names(tools: object) -> tuple[str, ...] | None:
    if not isinstance(tools, list):
        return None
    return tuple(sanitised(text(mapping(tool).get("name"))) for tool in tools)


def _detection(named: object) -> str:
    """Return the kind of a turn detection, empty for one that is not named."""
    return text(mapping(named).get("type")) or text(named)


def _detects_turns(named: object) -> bool | None:
    """Return whether a server with this turn detection detects turns, `None` if it does not say."""
    fields = mapping(named)
    if named is None or named is False or flag(fields.get("enabled")) is False:
        return False
    if isinstance(named, str) or "type" in fields:
        return _detection(named).strip().lower() not in _NO_DETECTION
    return None


def _speaks(modalities: object) -> bool | None:
    """Return whether audio is among the kinds of output that a session names."""
    named = [modalities] if isinstance(modalities, str) else modalities
    if not isinstance(named, list) or not named:
        return None
    return "audio" in [text(word).lower() for word in named]


def _format(named: object, asked: AudioFormat) -> AudioFormat | None:
    """Return the format that a session names, `None` for one that is not known or not named.

    A part of it that cannot be read counts as not named.
    """
    fields = mapping(named)
    word = text(fields.get("type") if fields else named).lower()
    rate_hz = number(fields.get("rate"))
    if rate_hz is not None and not 0 < rate_hz <= _LARGEST_RATE_HZ:
        rate_hz = None
    if not word and rate_hz is None:
        return None
    encoding = _ENCODINGS.get(word) if word else asked.encoding
    if encoding is None:
        return None
    usual_hz = asked.rate_hz if encoding is Encoding.PCM16 else _G711_RATE_HZ
    try:
        return AudioFormat(rate_hz=rate_hz or usual_hz, encoding=encoding)
    except ValueError:
        return None


def _unknown(named: object, known: AudioFormat | None) -> str:
    """Return the server's own words for a format that it names and that is not known."""
    word = text(mapping(named).get("type")) or text(named)
    return as_json(named) if word and known is None else ""
