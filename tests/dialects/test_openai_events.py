import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects import OpenAIRealtime, SessionSettings
from harness.model import (
    AudioDelta,
    AudioFormat,
    Encoding,
    Event,
    ProviderError,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    ToolCall,
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


def test_an_error_says_whether_it_refuses_the_settings() -> None:
    (sent,) = DIALECT.configure(SETTINGS)
    ours = json.loads(sent)["event_id"]
    for error, expected in (
        ({"event_id": ours}, True),
        ({"event_id": ours, "param": "audio"}, True),
        ({"param": "session.audio.input.turn_detection.silence_duration_ms"}, True),
        ({"param": "session"}, True),
        ({"event_id": "theirs"}, None),
        ({"event_id": None, "param": None}, None),
        ({"param": "item.content[0]"}, False),
        ({"param": "response.modalities"}, False),
        ({"event_id": [ours], "param": 7}, None),
    ):
        event = parse({"type": "error", "event_id": "e1", "error": {"message": "no", **error}})
        assert event == ProviderError("", "no", expected)
    assert parse({"type": "error", "event_id": ours, "error": "no"}) == ProviderError(
        "", "no", True
    )


def test_names_of_the_preview_are_understood_and_told() -> None:
    name = "response.audio.delta"
    message = {"type": name, "response_id": "r", "item_id": "i", "delta": AUDIO}
    assert parse(message) == AudioDelta(AUDIO.encode(), "r", "i")
    assert DIALECT.old_name(json.dumps(message).encode()) == name


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"error": "no capacity"}, ""),
        ({"error": {"code": 4003, "message": "no capacity"}}, "4003"),
        ({"code": 17, "message": "no capacity"}, "17"),
    ],
)
def test_an_error_keeps_its_words_however_it_is_written(message: dict[str, Any], code: str) -> None:
    assert parse({"type": "error", **message}) == ProviderError(code, "no capacity")


def test_tool_calls_are_read_from_the_end_of_a_response_and_arguments_from_an_object() -> None:
    item = {"type": "function_call", "call_id": "c", "name": "book", "arguments": {"day": 1}}
    event = parse({"type": "response.done", "response": {"id": "r", "output": [item, None]}})
    call = ToolCall("c", "book", '{"day":1}', "r")
    assert event == ResponseDone("r", ResponseStatus.COMPLETED, tool_calls=(call,))


STRANGE = st.sampled_from([None, True, 7, -1.5, 1e308, "", "12", "x", [], [1], {}, {"type": 3}])
MESSAGES: list[dict[str, Any]] = [
    {"type": "session.updated", "session": {"id": "s", "audio": {"input": {}, "output": {}}}},
    {"type": "input_audio_buffer.speech_stopped", "item_id": "u", "audio_end_ms": 4},
    {"type": "response.created", "response": {"id": "r", "status": "in_progress", "output": []}},
    {
        "type": "response.output_audio.delta",
        "event_id": "e",
        "response_id": "r",
        "item_id": "i",
        "delta": AUDIO,
    },
    {
        "type": "response.done",
        "response": {
            "id": "r",
            "status_details": {"reason": "x", "error": {"code": "c", "message": "m"}},
            "usage": {"input_tokens": 4, "input_token_details": {"text_tokens": 4}},
            "output": [{"type": "function_call", "call_id": "c", "arguments": "{}"}],
        },
    },
    {"type": "error", "error": {"type": "t", "code": "c", "message": "m"}},
]


def paths(value: object, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [p for key, part in items for p in [(*before, key), *paths(part, (*before, key))]]


@given(st.data())
def test_one_strange_field_never_costs_a_message(data: st.DataObject) -> None:
    message = json.loads(json.dumps(data.draw(st.sampled_from(MESSAGES))))
    needed = (("type",), ("delta",))
    path = data.draw(st.sampled_from([p for p in paths(message) if p not in needed]))
    expected, place = type(parse(message)), message
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = data.draw(STRANGE)
    event = parse(message)
    assert type(event) is expected
    if isinstance(event, AudioDelta):
        assert event.audio == AUDIO.encode()
        assert path == ("response_id",) or event.response_id == "r"
