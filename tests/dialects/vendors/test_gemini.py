import base64
import json
from typing import Any

import pytest

from harness.dialects import MalformedMessage, SessionSettings, SessionWishes
from harness.dialects.vendors.gemini import GeminiLive
from harness.errors import BadInput
from harness.model import (
    AudioDelta,
    AudioFormat,
    BinaryMessage,
    Event,
    Notice,
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
)

DIALECT = GeminiLive()


def _read(**message: Any) -> tuple[Event, ...]:
    return DIALECT.open("").parse(BinaryMessage(json.dumps(message).encode()))


def test_the_set_up_is_the_first_message() -> None:
    settings = SessionSettings(
        model="m", voice="Puck", instructions="Be brief.", silence_ms=300, tools=("look_up",)
    )
    (text,) = DIALECT.configure(settings)
    setup = json.loads(text)["setup"]
    assert setup["model"] == "models/m"
    assert setup["generationConfig"]["responseModalities"] == ["AUDIO"]
    assert setup["realtimeInputConfig"]["automaticActivityDetection"]["silenceDurationMs"] == 300
    assert setup["systemInstruction"]["parts"] == [{"text": "Be brief."}]
    assert setup["tools"][0]["functionDeclarations"][0]["name"] == "look_up"
    assert DIALECT.facts.configures_first
    configured, created = _read(setupComplete={"sessionId": "s"})
    assert isinstance(configured, SessionConfigured)
    assert configured.output == AudioFormat(24_000)
    assert created == SessionCreated("s")


def test_audio_goes_out_with_its_rate_and_comes_back_with_another() -> None:
    frame = bytes(640)
    assert json.loads(DIALECT.append_audio(frame)) == {
        "realtimeInput": {
            "audio": {
                "data": base64.b64encode(frame).decode(),
                "mimeType": "audio/pcm;rate=16000",
            }
        }
    }
    blob = {"data": "AAAA", "mimeType": "audio/pcm;rate=24000"}
    said = {"modelTurn": {"parts": [{"inlineData": blob}, {"text": "Hi"}]}}
    assert _read(serverContent=said) == (
        AudioDelta(b"AAAA", "response-1"),
        TextDelta("response-1"),
    )
    other = {"modelTurn": {"parts": [{"inlineData": blob | {"mimeType": "audio/pcm;rate=16000"}}]}}
    configured, _ = _read(serverContent=other)
    assert isinstance(configured, SessionConfigured)
    assert configured.output == AudioFormat(16_000)


def test_a_turn_that_is_complete_ends_its_response_with_its_tokens() -> None:
    usage = {
        "promptTokenCount": 30,
        "responseTokenCount": 12,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 10},
            {"modality": "AUDIO", "tokenCount": 20},
        ],
        "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 12}],
    }
    assert _read(serverContent={"generationComplete": True}) == (Notice("message without content"),)
    (done,) = _read(serverContent={"turnComplete": True}, usageMetadata=usage)
    expected = TokenUsage(
        input_text=10, input_audio=20, output_audio=12, input_total=30, output_total=12
    )
    assert done == ResponseDone("response-1", ResponseStatus.COMPLETED, usage=expected)


def test_tokens_without_their_kinds_are_not_known_rather_than_none() -> None:
    (done,) = _read(serverContent={"turnComplete": True}, usageMetadata={"promptTokenCount": 30})
    assert isinstance(done, ResponseDone)
    assert done.usage is not None
    assert (done.usage.input_audio, done.usage.input_total) == (None, 30)


def test_an_interrupted_response_is_ended_once() -> None:
    session = DIALECT.open("")
    (cut,) = session.parse(b'{"serverContent":{"interrupted":true}}')
    assert isinstance(cut, ResponseDone)
    assert (cut.response_id, cut.status) == ("response-1", ResponseStatus.CANCELLED)
    assert not any(
        isinstance(event, ResponseDone)
        for event in session.parse(b'{"serverContent":{"turnComplete":true}}')
    )
    (done,) = session.parse(b'{"serverContent":{"turnComplete":true}}')
    assert isinstance(done, ResponseDone)
    assert done.response_id == "response-2"


def test_a_function_is_answered_under_its_name() -> None:
    session = DIALECT.open("")
    calls = [{"id": "f", "name": "look_up", "args": {"a": 1}}]
    asked = session.parse(json.dumps({"toolCall": {"functionCalls": calls}}).encode())
    assert asked == (ToolCall("f", "look_up", '{"a": 1}', "response-1"),)
    (answer,) = session.request(ToolResult("f", '{"ok":true}'))
    assert json.loads(answer)["toolResponse"]["functionResponses"] == [
        {"id": "f", "name": "look_up", "response": {"output": {"ok": True}}}
    ]


@pytest.mark.parametrize(
    ("kind", "event"), [("ACTIVITY_START", SpeechStarted()), ("ACTIVITY_END", SpeechStopped())]
)
def test_voice_activity_where_it_is_offered(kind: str, event: Event) -> None:
    assert _read(voiceActivity={"voiceActivityType": kind}) == (event,)


@pytest.mark.parametrize("text", [b"no json", b"[]", b'{"serverContent":1}', b"\xff"])
def test_what_is_no_message_is_malformed(text: bytes) -> None:
    with pytest.raises(MalformedMessage):
        DIALECT.open("").parse(text)


def test_the_detection_of_turns_stays_on() -> None:
    off = {"realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}}}
    with pytest.raises(BadInput, match="switches off the detection of turns"):
        DIALECT.asked(SessionSettings(wishes=SessionWishes.of(off, "--session")))
    assert DIALECT.detection(SessionSettings(silence_ms=300)) == {
        "type": "automatic activity detection",
        "silence_duration_ms": 300,
    }
