import base64
import json
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.dialects import MalformedMessage, OpenAIRealtime, SessionSettings
from harness.model import (
    AudioDelta,
    Event,
    ProviderError,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    ToolCall,
)
from tests.session.answering import Answering, hang_up, new_session

DIALECT = OpenAIRealtime()
AUDIO = base64.b64encode(bytes(48)).decode()
SETTINGS = SessionSettings(model="m", silence_ms=500, voice="v", tools=("book",))


def parse(message: dict[str, Any]) -> Event:
    return DIALECT.parse(json.dumps(message).encode())


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


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (b'{"type":"response.created","response":{"id":"r","score":NaN}}', "r"),
        (b'{"type":"response.created","response":{"id":"r","n":-Infinity,"m":1e999}}', "r"),
        (b'\xef\xbb\xbf{"type":"response.created","response":{"id":"r"}}\n', "r"),
        (b'{"type":"response.created","response":{"id":"r","text":"\xff\xfe"}}\0', "r"),
        (b'{"type":"response.created","response":{"id":"\\ud83d"}}', "?"),
    ],
)
def test_what_json_forbids_and_encoders_write_is_read_all_the_same(
    written: bytes, name: str
) -> None:
    assert DIALECT.parse(written) == ResponseCreated(name)


TONE = (6_000 * np.sin(2 * np.pi * 200 * np.arange(24_000) / 24_000)).astype("<i2").tobytes()
DETECTION = {"type": "server_vad", "silence_duration_ms": 500, "create_response": True}
FORMAT = {"type": "audio/pcm", "rate": 24_000}
ITEM = {"type": "message", "id": "i", "content": [{"type": "output_audio", "transcript": "hi"}]}
USAGE = {
    "input_tokens": 9,
    "output_tokens": 4,
    "input_token_details": {"text_tokens": 4, "audio_tokens": 5, "cached_tokens_details": {}},
    "output_token_details": {"text_tokens": 1, "audio_tokens": 3},
}
OF_RESPONSE = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}
# Every kind of message that is read, in the order of a turn, with milliseconds.
CONVERSATION: list[tuple[int, dict[str, Any]]] = [
    (0, {"type": "session.created", "session": {"id": "s", "model": "m", "tools": []}}),
    (
        5,
        {
            "type": "session.updated",
            "session": {
                "id": "s",
                "output_modalities": ["audio"],
                "audio": {
                    "input": {"format": FORMAT, "turn_detection": DETECTION},
                    "output": {"format": FORMAT, "voice": "v"},
                },
                "tools": [{"type": "function", "name": "book"}],
            },
        },
    ),
    (150, {"type": "input_audio_buffer.speech_started", "item_id": "u", "audio_start_ms": 20}),
    (800, {"type": "input_audio_buffer.speech_stopped", "item_id": "u", "audio_end_ms": 300}),
    (801, {"type": "input_audio_buffer.committed", "item_id": "u", "previous_item_id": None}),
    (802, {"type": "error", "error": {"type": "t", "code": "c", "message": "m", "param": None}}),
    (810, {"type": "response.created", "response": {"id": "r", "status": "in_progress"}}),
    (820, {"type": "response.output_audio_transcript.delta", "delta": "hi", **OF_RESPONSE}),
    *(
        (1_000 + 40 * n, {"type": "response.output_audio.delta", "delta": audio, **OF_RESPONSE})
        for n, audio in enumerate(
            base64.b64encode(TONE[at : at + 12_000]).decode() for at in range(0, len(TONE), 12_000)
        )
    ),
    (1_190, {"type": "rate_limits.updated", "rate_limits": [{"name": "tokens", "limit": 5}]}),
    (
        1_200,
        {
            "type": "response.done",
            "response": {
                "id": "r",
                "status": "completed",
                "status_details": None,
                "output": [ITEM],
                "usage": USAGE,
            },
        },
    ),
]
ODD = st.one_of(
    STRANGE,
    st.text(max_size=3_000),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=5), max_size=3),
    st.lists(st.none() | st.integers() | st.text(max_size=5), max_size=3),
)


def _mutated(data: st.DataObject, messages: list[dict[str, Any]]) -> None:
    """Remove one field of one message, or put something odd in its place."""
    fields = [
        (message, path)
        for message in messages
        for path in paths(message)
        # Without these it is another message, or one without audio.
        if path != ("type",)
        and (message["type"], *path) != ("response.output_audio.delta", "delta")
    ]
    place, (*path, last) = data.draw(st.sampled_from(fields))
    for key in path:
        place = place[key]
    if isinstance(place, dict) and data.draw(st.booleans()):
        del place[last]
    else:
        place[last] = data.draw(ODD)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_turn_keeps_its_latency_whatever_one_field_of_any_message_holds(
    data: st.DataObject,
) -> None:
    messages = json.loads(json.dumps([message for _, message in CONVERSATION]))
    _mutated(data, messages)
    session, unreadable = new_session(turns=1), 0
    server = Answering(session, latency_ms=900_000)
    events: list[tuple[int, Event]] = []
    for (at_ms, _), message in zip(CONVERSATION, messages, strict=True):
        try:
            events.append((at_ms, DIALECT.parse(json.dumps(message).encode())))
        except MalformedMessage:
            unreadable += 1
    # Audio in a format that is named and not known, or is another one, is read as that.
    for _, event in events:
        if isinstance(event, SessionConfigured):
            assume(not event.output_unknown and event.output in (None, DIALECT.audio))
    first, *others = events
    session.receive(first[1], 0)
    server.expect(others)
    server.run(until_ms=30_000)
    record = hang_up(session)
    (turn,) = server.turns + session.take_turns()
    assert unreadable == 0
    assert turn.at.first_audible_ns is not None, turn.fault
    assert turn.at.first_audible_ns / 1e6 == pytest.approx(1_000, abs=5)
    msgspec.json.encode([turn, record])
