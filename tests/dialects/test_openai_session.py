import base64
import json
from typing import Any

import pytest

from harness.dialects import OpenAIRealtime, SessionSettings
from harness.model import (
    AudioFormat,
    Encoding,
    Event,
    SessionConfigured,
)

DIALECT = OpenAIRealtime()
AUDIO = base64.b64encode(bytes(48)).decode()
SETTINGS = SessionSettings(model="m", silence_ms=500, voice="v", tools=("book",))


def parse(message: dict[str, Any]) -> Event:
    return DIALECT.parse(json.dumps(message).encode())


def updated(**session: object) -> SessionConfigured:
    event = parse({"type": "session.updated", "session": session})
    assert isinstance(event, SessionConfigured)
    return event


@pytest.mark.parametrize(
    ("format_", "audio"),
    [
        ({"type": "audio/pcm", "rate": 16_000}, AudioFormat(rate_hz=16_000)),
        ({"type": "audio/pcmu"}, AudioFormat(rate_hz=8_000, encoding=Encoding.MULAW)),
        ({"type": "audio/pcma", "rate": "8000"}, AudioFormat(8_000, Encoding.ALAW)),
    ],
)
def test_the_acknowledged_format_is_understood(format_: object, audio: AudioFormat) -> None:
    assert updated(audio={"output": {"format": format_}}).output == audio


def test_a_flat_session_of_the_preview_is_read_too() -> None:
    detection = {"type": "server_vad", "silence_duration_ms": 500}
    event = updated(turn_detection=detection, output_audio_format="g711_alaw")
    assert json.loads(event.acknowledged) == detection
    assert event.output == AudioFormat(rate_hz=8_000, encoding=Encoding.ALAW)


def test_what_is_acknowledged_as_asked_does_not_differ() -> None:
    (sent,) = DIALECT.configure(SETTINGS)
    session = json.loads(sent)["session"] | {"model": "m-2026"}
    assert DIALECT.differences(SETTINGS, updated(**session)) == ()


@pytest.mark.parametrize(
    ("session", "words"),
    [
        ({"audio": {"input": {"format": {"type": "audio/pcmu"}}}}, "input audio is mulaw"),
        ({"audio": {"output": {"format": {"type": "audio/opus"}}}}, "audio/opus"),
        ({"audio": {"input": {"turn_detection": None}}}, "does not detect turns"),
        (
            {"audio": {"input": {"turn_detection": {"silence_duration_ms": 1_200}}}},
            "silence_ms is 1200, asked for 500",
        ),
        ({"audio": {"output": {"voice": "other"}}}, "voice is other"),
        ({"tools": []}, "tools are missing: book"),
        ({"model": "toy"}, "model is toy, asked for m"),
    ],
)
def test_what_is_acknowledged_otherwise_is_told(session: dict[str, Any], words: str) -> None:
    (found,) = DIALECT.differences(SETTINGS, updated(**session))
    assert words in found


@pytest.mark.parametrize(
    "detection",
    [
        None,
        False,
        "none",
        "",
        {"type": None},
        {"type": "none"},
        {"type": "server_vad", "enabled": False},
    ],
)
@pytest.mark.parametrize("flat", [True, False])
def test_no_turn_detection_is_told_however_it_is_written(detection: object, flat: bool) -> None:
    session = {"turn_detection": detection}
    event = updated(**(session if flat else {"audio": {"input": session}}))
    (found,) = DIALECT.differences(SETTINGS, event)
    assert "does not detect turns" in found
    assert "Switch its server VAD on" in found


@pytest.mark.parametrize(
    ("session", "words"),
    [
        ({"turn_detection": {"type": "semantic_vad"}}, "turn detection is semantic_vad"),
        ({"turn_detection": "semantic_vad"}, "turn detection is semantic_vad"),
        ({"turn_detection": {"create_response": False}}, "does not answer a turn by itself"),
        ({"turn_detection": {"create_response": "false"}}, "does not answer a turn by itself"),
        ({"modalities": ["text"]}, "text without audio"),
        ({"output_modalities": "text"}, "text without audio"),
    ],
)
def test_a_session_that_will_not_answer_aloud_is_told(session: dict[str, Any], words: str) -> None:
    (found,) = DIALECT.differences(SETTINGS, updated(**session))
    assert words in found


@pytest.mark.parametrize(
    "session",
    [{}, {"turn_detection": {}}, {"turn_detection": 7}, {"modalities": []}, {"modalities": None}],
)
def test_what_a_server_does_not_say_is_no_difference(session: dict[str, Any]) -> None:
    assert DIALECT.differences(SETTINGS, updated(**session)) == ()


@pytest.mark.parametrize(
    ("format_", "audio"),
    [
        ({"type": "audio/pcm", "rate": "16000"}, AudioFormat(16_000)),
        ({"type": "audio/pcm", "rate": 1e308}, AudioFormat(24_000)),
        ({"type": "audio/pcm", "rate": -8_000}, AudioFormat(24_000)),
        ({"type": "audio/pcm", "rate": [24_000]}, AudioFormat(24_000)),
        ({"rate": 16_000}, AudioFormat(16_000)),
        ({"type": 7, "rate": None}, None),
        ({}, None),
        (["audio/pcm"], None),
        (None, None),
    ],
)
def test_a_format_that_cannot_be_read_is_as_good_as_not_named(
    format_: object, audio: AudioFormat | None
) -> None:
    event = updated(audio={"output": {"format": format_}})
    assert (event.output, event.output_unknown) == (audio, "")


@pytest.mark.parametrize("format_", [{"type": "audio/opus"}, {"type": "audio/pcm", "rate": 96_000}])
def test_a_format_that_is_named_and_not_known_is_kept_in_its_own_words(format_: object) -> None:
    event = updated(audio={"output": {"format": format_}})
    assert event.output is None
    assert json.loads(event.output_unknown) == format_
