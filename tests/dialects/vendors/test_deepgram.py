import json
from typing import Any

import pytest

from harness.dialects import MalformedMessage, SessionSettings
from harness.dialects.vendors.deepgram import DeepgramAgent
from harness.model import (
    AudioDelta,
    BinaryMessage,
    Event,
    Notice,
    ProviderError,
    RequestResponse,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    SessionCreated,
    SpeechStarted,
    TextDelta,
    ToolCall,
    ToolResult,
)

DIALECT = DeepgramAgent()


def _read(**message: Any) -> tuple[Event, ...]:
    return DIALECT.open("").parse(json.dumps(message).encode())


def test_settings_ask_for_bare_linear_audio_in_both_directions() -> None:
    (text,) = DIALECT.configure(SessionSettings(instructions="Be brief.", tools=("look_up",)))
    said = json.loads(text)
    assert said["type"] == "Settings"
    assert said["audio"] == {
        "input": {"encoding": "linear16", "sample_rate": 24_000},
        "output": {"encoding": "linear16", "sample_rate": 24_000, "container": "none"},
    }
    assert said["agent"]["think"]["prompt"] == "Be brief."
    assert said["agent"]["think"]["functions"][0]["name"] == "look_up"


def test_the_key_goes_out_as_a_token() -> None:
    assert DIALECT.headers("k", "") == [("Authorization", "Token k")]
    assert DIALECT.headers(None, "") == []


def test_a_session_begins_with_a_welcome_and_its_settings() -> None:
    assert _read(type="Welcome", request_id="r") == (SessionCreated("r"),)
    (applied,) = _read(type="SettingsApplied")
    assert isinstance(applied, SessionConfigured)


def test_audio_is_of_the_response_that_has_not_been_sent_whole() -> None:
    session = DIALECT.open("")
    assert session.parse(BinaryMessage(b"\0\0")) == (AudioDelta(b"\0\0", "response-1"),)
    assert session.parse(b'{"type":"AgentAudioDone"}') == (
        ResponseDone("response-1", ResponseStatus.COMPLETED),
    )
    assert session.parse(BinaryMessage(b"{}")) == (AudioDelta(b"{}", "response-2"),)


def test_a_function_is_answered_under_its_name() -> None:
    session = DIALECT.open("")
    functions = [
        {"id": "f1", "name": "look_up", "arguments": "{}", "client_side": True},
        {"id": "f2", "name": "theirs", "arguments": "{}", "client_side": False},
    ]
    request = json.dumps({"type": "FunctionCallRequest", "functions": functions}).encode()
    assert session.parse(request) == (ToolCall("f1", "look_up", "{}", "response-1"),)
    (answer,) = session.request(ToolResult("f1", '{"ok":true}'))
    assert json.loads(answer) == {
        "type": "FunctionCallResponse",
        "id": "f1",
        "name": "look_up",
        "content": '{"ok":true}',
    }
    assert session.request(RequestResponse()) == []


def test_what_else_is_said() -> None:
    assert _read(type="UserStartedSpeaking") == (SpeechStarted(),)
    assert _read(type="ConversationText", role="assistant", content="Hi") == (
        TextDelta("response-1", "Hi "),
    )
    assert _read(type="LatencyReport", total_latency=0.5) == (Notice("LatencyReport"),)
    assert _read(type="Error", code="E", description="why") == (ProviderError("E", "why"),)


@pytest.mark.parametrize("text", [b"no json", b"{}", b"[]", b'{"type":1}'])
def test_a_text_that_is_no_message_is_malformed(text: bytes) -> None:
    with pytest.raises(MalformedMessage):
        DIALECT.open("").parse(text)
