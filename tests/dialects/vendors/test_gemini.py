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
    TokensReported,
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
    assert setup["outputAudioTranscription"] == {}
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
        TextDelta("response-1", "Hi"),
    )
    other = {"modelTurn": {"parts": [{"inlineData": blob | {"mimeType": "audio/pcm;rate=16000"}}]}}
    configured, _ = _read(serverContent=other)
    assert isinstance(configured, SessionConfigured)
    assert configured.output == AudioFormat(16_000)


def test_words_come_in_the_transcription_and_thoughts_are_none() -> None:
    said = {"modelTurn": {"parts": [{"text": "The caller wants", "thought": True}]}}
    content = said | {"outputTranscription": {"text": "Good day"}}
    assert _read(serverContent=content) == (TextDelta("response-1", "Good day"),)
    assert _read(serverContent={"outputTranscription": {"finished": True}}) == (NOTHING,)


NOTHING = Notice("message without content")
USAGE = {
    "promptTokenCount": 30,
    "cachedContentTokenCount": 8,
    "toolUsePromptTokenCount": 4,
    "responseTokenCount": 12,
    "thoughtsTokenCount": 5,
    "totalTokenCount": 51,
    "promptTokensDetails": [
        {"modality": "TEXT", "tokenCount": 10},
        {"modality": "AUDIO", "tokenCount": 20},
    ],
    "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 8}],
    "toolUsePromptTokensDetails": [{"modality": "TEXT", "tokenCount": 4}],
    "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 12}],
}
TOKENS = TokenUsage(
    input_text=14,
    input_audio=20,
    cached_text=8,
    output_text=5,
    output_audio=12,
    input_total=34,
    output_total=17,
)


def test_a_turn_that_is_complete_ends_its_response_with_its_tokens() -> None:
    assert _read(serverContent={"generationComplete": True}) == (NOTHING,)
    assert _read(serverContent={"turnComplete": True}, usageMetadata=USAGE) == (
        TokensReported("response-1", TOKENS),
        ResponseDone("response-1", ResponseStatus.COMPLETED),
    )


def test_tokens_belong_to_the_response_under_way_else_to_the_one_before() -> None:
    session = DIALECT.open("")

    def told(**message: Any) -> list[str]:
        events = session.parse(json.dumps(message | {"usageMetadata": USAGE}).encode())
        return [event.response_id for event in events if isinstance(event, TokensReported)]

    assert told() == [""], "there is no response yet"
    assert told(toolCall={"functionCalls": [{"name": "look_up"}]}) == ["response-1"]
    assert told(sessionResumptionUpdate={}) == ["response-1"]
    assert told(serverContent={"interrupted": True}) == ["response-1"]
    assert told(serverContent={"turnComplete": True}) == ["response-1"]
    assert told() == ["response-1"], "the next one has not begun"
    assert told(serverContent={"inputTranscription": {"text": "and"}}) == ["response-1"]
    assert told(serverContent={"outputTranscription": {"text": "Yes"}}) == ["response-2"]


def _unknown(**known: int) -> TokenUsage:
    kinds = ("input_text", "input_audio", "cached_text", "cached_audio", "output_text")
    return TokenUsage(**dict.fromkeys((*kinds, "output_audio")) | known)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, _unknown()),
        (
            {"promptTokenCount": 30},
            _unknown(cached_text=0, cached_audio=0, input_total=30),
        ),
        (
            {"promptTokenCount": 30, "cachedContentTokenCount": 8},
            _unknown(input_total=30),
        ),
        (
            {
                "promptTokenCount": 30,
                "totalTokenCount": 30,
                "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 30}],
            },
            TokenUsage(input_audio=30, input_total=30, output_total=0),
        ),
        (
            {
                "promptTokenCount": 30,
                "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 3}],
                "responseTokenCount": 2,
                "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}],
            },
            TokenUsage(
                input_text=None, input_audio=None, output_audio=2, input_total=30, output_total=2
            ),
        ),
    ],
    ids=["nothing", "no kinds", "no kinds of the cached", "no response", "kinds do not add up"],
)
def test_what_is_not_told_of_tokens_is_not_known(
    told: dict[str, Any], expected: TokenUsage
) -> None:
    (reported,) = _read(usageMetadata=told)
    assert reported == TokensReported("", expected)


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
