import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects import MalformedMessage, OpenAIRealtime, SessionSettings
from harness.model import (
    AudioDelta,
    AudioFormat,
    CallerTranscript,
    CancelResponse,
    CommitTurn,
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

DIALECT = OpenAIRealtime()


def parse(**message: object) -> Event:
    return DIALECT.parse(json.dumps(message).encode())


def test_a_session_is_created_and_its_configuration_acknowledged() -> None:
    session = {"type": "realtime", "id": "sess_1", "model": "m", "audio": {"input": {}}}
    assert parse(type="session.created", session=session) == SessionCreated("sess_1", "m")
    session["audio"] = {"input": {"turn_detection": {"type": "server_vad", "threshold": 0.5}}}
    event = parse(type="session.updated", session=session)
    assert event == SessionConfigured(
        '{"type":"server_vad","threshold":0.5}',
        provider_session_id="sess_1",
        model="m",
        detection="server_vad",
        detects_turns=True,
    )


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (
            {"type": "input_audio_buffer.speech_started", "item_id": "i", "audio_start_ms": 12},
            SpeechStarted("i", 12),
        ),
        (
            {"type": "input_audio_buffer.speech_stopped", "item_id": "i", "audio_end_ms": 99},
            SpeechStopped("i", 99),
        ),
        ({"type": "input_audio_buffer.committed", "item_id": "i"}, InputCommitted("i")),
        (
            {
                "type": "conversation.item.input_audio_transcription.completed",
                "item_id": "i",
                "transcript": "Hello.",
            },
            CallerTranscript("i", "Hello."),
        ),
        (
            {"type": "conversation.item.input_audio_transcription.failed", "item_id": "i"},
            CallerTranscript("i", None),
        ),
        ({"type": "response.created", "response": {"id": "r"}}, ResponseCreated("r")),
        (
            {"type": "response.output_audio.delta", "delta": "AAA=", "response_id": "r"},
            AudioDelta(b"AAA=", "r"),
        ),
        (
            {"type": "response.output_audio_transcript.delta", "response_id": "r", "delta": "x"},
            TextDelta("r", "x"),
        ),
        (
            {
                "type": "response.function_call_arguments.done",
                "call_id": "c",
                "name": "n",
                "arguments": "{}",
                "response_id": "r",
            },
            ToolCall("c", "n", "{}", "r"),
        ),
        (
            {"type": "error", "error": {"type": "t", "code": "c", "message": "m"}},
            ProviderError("c", "m"),
        ),
        ({"type": "rate_limits.updated"}, Notice("rate_limits.updated")),
        ({"type": "something.new", "whatever": [1]}, Notice("something.new")),
    ],
    ids=lambda value: value.get("type") if isinstance(value, dict) else "",
)
def test_a_message_becomes_its_event(message: dict[str, object], event: Event) -> None:
    assert parse(**message) == event


def test_a_finished_response_tells_what_it_used() -> None:
    usage = {
        "input_token_details": {
            "text_tokens": 59,
            "audio_tokens": 73,
            "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 64},
        },
        "output_token_details": {"text_tokens": 41, "audio_tokens": 147},
    }
    event = parse(type="response.done", response={"id": "r", "status": "completed", "usage": usage})
    expected = TokenUsage(
        input_text=59, input_audio=73, cached_audio=64, output_text=41, output_audio=147
    )
    assert event == ResponseDone("r", ResponseStatus.COMPLETED, usage=expected)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({}, None),
        (
            {"input_tokens": 600, "output_tokens": 300, "total_tokens": 900},
            TokenUsage(
                input_text=None,
                input_audio=None,
                output_text=None,
                output_audio=None,
                input_total=600,
                output_total=300,
            ),
        ),
        (
            {
                "input_tokens": 17,
                "input_token_details": {"text_tokens": 9, "audio_tokens": 8},
                "output_tokens": 0,
                "output_token_details": None,
            },
            TokenUsage(input_text=9, input_audio=8, input_total=17, output_total=0),
        ),
        (
            {
                "input_token_details": {
                    "text_tokens": 9,
                    "audio_tokens": 8,
                    "cached_tokens": 4,
                    "cached_tokens_details": {"text_tokens": 3},
                },
                "output_token_details": {"audio_tokens": 7},
            },
            TokenUsage(
                input_text=9, input_audio=8, cached_text=None, cached_audio=None, output_audio=7
            ),
        ),
        *(
            (
                {"input_tokens": 600, "input_token_details": details, "output_tokens": 0},
                TokenUsage(input_text=None, input_audio=None, input_total=600, output_total=0),
            )
            for details in (None, {}, {"cached_tokens_details": None}, "none", {"image_tokens": 9})
        ),
        (
            {
                "input_token_details": {"text_tokens": 9, "audio_tokens": 8, "cached_tokens": 4},
                "output_token_details": {"audio_tokens": 7},
            },
            TokenUsage(
                input_text=9,
                input_audio=8,
                cached_text=None,
                cached_audio=None,
                output_audio=7,
            ),
        ),
    ],
)
def test_tokens_that_are_not_told_are_not_zero(
    usage: dict[str, object], expected: TokenUsage | None
) -> None:
    event = parse(type="response.done", response={"id": "r", "status": "completed", "usage": usage})
    assert event == ResponseDone("r", ResponseStatus.COMPLETED, usage=expected)


def test_a_refused_response_tells_why() -> None:
    details = {"type": "failed", "error": {"code": "rate_limit_exceeded", "message": "try later"}}
    event = parse(
        type="response.done", response={"id": "r", "status": "failed", "status_details": details}
    )
    assert event == ResponseDone("r", ResponseStatus.FAILED, "rate_limit_exceeded", "try later")


@pytest.mark.parametrize(
    ("response", "status"),
    [
        ({"status_details": {"type": "failed", "error": {"code": "c"}}}, ResponseStatus.FAILED),
        ({"status_details": {"error": {"message": "m"}}}, ResponseStatus.FAILED),
        ({"status": None, "status_details": "out of memory"}, ResponseStatus.FAILED),
        ({"status_details": {"type": "incomplete"}}, ResponseStatus.INCOMPLETE),
        ({"status": "FAILED"}, ResponseStatus.FAILED),
        ({"status": "canceled"}, ResponseStatus.CANCELLED),
        ({}, ResponseStatus.COMPLETED),
    ],
)
def test_a_response_that_names_its_status_otherwise_or_only_in_its_details_is_understood(
    response: dict[str, object], status: ResponseStatus
) -> None:
    event = parse(type="response.done", response={"id": "r", **response})
    assert isinstance(event, ResponseDone)
    assert event.status is status


def test_a_tool_call_may_come_as_an_item_that_is_done() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "look_up", "arguments": "{}"}
    event = parse(type="response.output_item.done", response_id="r", item=call)
    assert event == ToolCall("c", "look_up", "{}", "r")
    spoken = parse(type="response.output_item.done", response_id="r", item={"type": "message"})
    assert spoken == Notice("response.output_item.done")


def test_formats_hold_from_when_the_session_exists() -> None:
    told = {"audio": {"output": {"format": {"type": "audio/pcm", "rate": 16_000}}}}
    event = parse(type="session.created", session=told)
    assert isinstance(event, SessionCreated)
    assert event.formats == SessionConfigured(output=AudioFormat(16_000))
    flat = parse(type="session.created", session={"input_audio_format": "audio/opus"})
    assert isinstance(flat, SessionCreated)
    assert flat.formats == SessionConfigured(input_unknown="audio/opus")
    assert DIALECT.differences(SessionSettings(), event.formats) == (
        "output audio is pcm16 at 16000 Hz, asked for pcm16 at 24000 Hz",
    )
    later = SessionConfigured("null").after(event.formats)
    assert later == SessionConfigured("null", output=AudioFormat(16_000))
    said_anew = SessionConfigured(output=AudioFormat(24_000))
    assert said_anew.after(event.formats) == said_anew


@pytest.mark.parametrize(
    "kind",
    [
        "session.created",
        "session.updated",
        "response.created",
        "response.done",
        "error",
        "input_audio_buffer.speech_started",
    ],
)
def test_explicit_nulls_everywhere_are_no_harm(kind: str) -> None:
    fields = ("session", "response", "error", "item_id", "audio_start_ms")
    parse(type=kind)
    parse(type=kind, **dict.fromkeys(fields))


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"null", b'{"type":5}', b'{"a":1}', b"\xff\xfe", b'{"type":"error"']
)
def test_what_is_not_the_protocol_is_malformed(text: bytes) -> None:
    with pytest.raises(MalformedMessage):
        DIALECT.parse(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "status", "usage", "audio", "input", "error"]), children
        )
    ),
    max_leaves=8,
)
KINDS = st.sampled_from(
    ["session.created", "session.updated", "response.done", "response.output_audio.delta", "error"]
)


@given(KINDS, JSON)
def test_no_shape_of_a_known_message_raises_anything_else(kind: str, junk: object) -> None:
    message = {"type": kind, "session": junk, "response": junk, "error": junk, "delta": junk}
    with contextlib.suppress(MalformedMessage):
        DIALECT.parse(json.dumps(message).encode())


def test_a_key_in_an_error_text_is_not_kept() -> None:
    event = parse(
        type="error", error={"code": "invalid_api_key", "message": "bad sk-abc1234567890123"}
    )
    assert isinstance(event, ProviderError)
    assert "abc123" not in event.detail


@pytest.mark.parametrize("delta", ['"AB\\/="', '"AB/="'])
def test_an_escaped_slash_in_base64_is_the_same_audio(delta: str) -> None:
    event = DIALECT.parse(b'{"type":"response.output_audio.delta","delta":%s}' % delta.encode())
    assert event == AudioDelta(b"AB/=")


@pytest.mark.parametrize("delta", ["", ',"delta":null', ',"delta":5', ',"delta":["AAA="]'])
def test_a_delta_without_audio_is_malformed(delta: str) -> None:
    with pytest.raises(MalformedMessage):
        DIALECT.parse(b'{"type":"response.output_audio.delta"%s}' % delta.encode())


def test_audio_is_appended_as_base64() -> None:
    frame = bytes(range(256)) * 4
    message = json.loads(DIALECT.append_audio(frame))
    assert message["type"] == "input_audio_buffer.append"
    assert base64.b64decode(message["audio"]) == frame


def test_a_session_is_asked_for_server_vad_and_pcm_both_ways() -> None:
    (text,) = DIALECT.configure(SessionSettings(silence_ms=300, voice="alloy"))
    session = json.loads(text)["session"]
    assert session["type"] == "realtime"
    assert session["audio"]["input"]["turn_detection"] == {
        "type": "server_vad",
        "silence_duration_ms": 300,
    }
    assert session["audio"]["output"]["format"] == {"type": "audio/pcm", "rate": 24_000}


def test_tools_are_declared_with_one_argument_and_only_where_there_are_any() -> None:
    (plain,) = DIALECT.configure(SessionSettings())
    assert "tools" not in json.loads(plain)["session"]
    (text,) = DIALECT.configure(SessionSettings(tools=("book_appointment", "look_up")))
    session = json.loads(text)["session"]
    assert session["tool_choice"] == "auto"
    assert [tool["name"] for tool in session["tools"]] == ["book_appointment", "look_up"]
    for tool in session["tools"]:
        assert tool["type"] == "function"
        assert tool["parameters"]["required"] == ["details"]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (
            Truncate("item_1", 740),
            {
                "type": "conversation.item.truncate",
                "item_id": "item_1",
                "content_index": 0,
                "audio_end_ms": 740,
            },
        ),
        (
            ToolResult("call_1", '{"ok":true}'),
            {
                "type": "conversation.item.create",
                "item": {
                    "type": "function_call_output",
                    "call_id": "call_1",
                    "output": '{"ok":true}',
                },
            },
        ),
        (RequestResponse(), {"type": "response.create"}),
        (CommitTurn(), {"type": "input_audio_buffer.commit"}),
        (CancelResponse(), {"type": "response.cancel"}),
    ],
)
def test_what_is_said_besides_audio(request_: Request, said: dict[str, object]) -> None:
    assert json.loads(DIALECT.request(request_)) == said


def test_the_model_is_chosen_in_the_query_and_quoted() -> None:
    assert DIALECT.path(SessionSettings()) == "/v1/realtime?model=gpt-realtime-2.1"
    assert DIALECT.path(SessionSettings(model="a b&c")) == "/v1/realtime?model=a%20b%26c"


def test_without_a_key_no_header_is_sent() -> None:
    assert DIALECT.headers(None, "") == []
    assert DIALECT.headers("k", "") == [("Authorization", "Bearer k")]
