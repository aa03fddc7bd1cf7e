import base64
import json
from typing import Any

import pytest

from harness.dialects import MalformedMessage, SessionSettings
from harness.dialects.vendors.elevenlabs import ElevenLabsAgent
from harness.model import (
    AudioDelta,
    AudioFormat,
    Encoding,
    Event,
    Notice,
    Owed,
    PlaybackCleared,
    RequestResponse,
    SessionConfigured,
    SessionCreated,
    TextDelta,
    ToolCall,
    ToolResult,
)

DIALECT = ElevenLabsAgent()


def _read(**message: Any) -> tuple[Event, ...]:
    return DIALECT.open("").parse(json.dumps(message).encode())


def _metadata(output: str, heard: str = "pcm_16000") -> SessionConfigured:
    told = {
        "conversation_id": "c",
        "agent_output_audio_format": output,
        "user_input_audio_format": heard,
    }
    created, configured = _read(
        type="conversation_initiation_metadata", conversation_initiation_metadata_event=told
    )
    assert created == SessionCreated("c")
    assert isinstance(configured, SessionConfigured)
    return configured


def test_the_client_begins_and_the_server_names_the_formats() -> None:
    (first,) = DIALECT.open("").opening()
    assert json.loads(first) == {"type": "conversation_initiation_client_data"}
    assert _metadata("pcm_24000").output == AudioFormat(24_000)
    assert _metadata("ulaw_8000").output == AudioFormat(8_000, Encoding.MULAW)
    unknown = _metadata("opus_48000")
    assert (unknown.output, unknown.output_unknown) == (None, "opus_48000")


def test_an_agent_that_wants_to_hear_other_audio_is_named() -> None:
    settings = SessionSettings()
    assert DIALECT.differences(settings, _metadata("pcm_16000")) == ()
    (words,) = DIALECT.differences(settings, _metadata("pcm_16000", "ulaw_8000"))
    assert words == "input audio is mulaw at 8000 Hz, sent as pcm16 at 16000 Hz"


def test_audio_that_was_taken_back_is_not_heard() -> None:
    session = DIALECT.open("")

    def piece(number: int) -> tuple[Event, ...]:
        event = {"audio_base_64": "AAAA", "event_id": number}
        return session.parse(json.dumps({"type": "audio", "audio_event": event}).encode())

    assert piece(1) == (AudioDelta(b"AAAA"),)
    taken = {"type": "interruption", "interruption_event": {"event_id": 2}}
    assert session.parse(json.dumps(taken).encode()) == (PlaybackCleared(),)
    assert [type(piece(number)[0]) for number in (2, 3)] == [Notice, AudioDelta]


def test_a_ping_is_owed_a_pong() -> None:
    (owed,) = _read(type="ping", ping_event={"event_id": 7, "ping_ms": 20})
    assert isinstance(owed, Owed)
    assert json.loads(owed.message) == {"type": "pong", "event_id": 7}


def test_a_tool_is_answered() -> None:
    call = {"tool_name": "look_up", "tool_call_id": "t", "parameters": {"a": 1}}
    assert _read(type="client_tool_call", client_tool_call=call) == (
        ToolCall("t", "look_up", '{"a": 1}'),
    )
    (answer,) = DIALECT.open("").request(ToolResult("t", "done"))
    assert json.loads(answer) == {
        "type": "client_tool_result",
        "tool_call_id": "t",
        "result": "done",
        "is_error": False,
    }
    assert DIALECT.open("").request(RequestResponse()) == []


def test_the_callers_audio_has_no_type() -> None:
    frame = bytes(640)
    assert json.loads(DIALECT.append_audio(frame)) == {
        "user_audio_chunk": base64.b64encode(frame).decode()
    }
    assert _read(type="vad_score", vad_score_event={"vad_score": 0.9}) == (Notice("vad_score"),)


def test_words_that_came_in_parts_are_not_repeated() -> None:
    session = DIALECT.open("")

    def said(**message: Any) -> tuple[Event, ...]:
        return session.parse(json.dumps(message).encode())

    whole = {"type": "agent_response", "agent_response_event": {"agent_response": "Good day."}}
    assert said(**whole) == (TextDelta(text="Good day. "),)
    part = {"type": "agent_chat_response_part"}
    texts = [("", "start"), ("Good", "delta"), (" day.", "delta"), ("", "stop")]
    came = [said(**part, text_response_part={"text": t, "type": kind})[0] for t, kind in texts]
    assert "".join(delta.text for delta in came if isinstance(delta, TextDelta)) == "Good day. "
    assert said(**whole) == (Notice("agent_response"),)


@pytest.mark.parametrize("text", [b"no json", b"{}", b'{"type":"audio"}', b'{"type":"ping"}'])
def test_what_lacks_its_content_is_malformed(text: bytes) -> None:
    with pytest.raises(MalformedMessage):
        DIALECT.open("").parse(text)
