"""What a carrier says and understands, held against messages as the vendor documents them."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects import MalformedMessage, SessionSettings
from harness.dialects.carriers.media_stream import MediaStream
from harness.dialects.carriers.tables import TWILIO
from harness.model import AudioDelta, Event, Notice, PlaybackCleared, PlaybackMark, RequestResponse

DIALECT = MediaStream(TWILIO)
IDENTITY = "0123456789abcdef0123456789abcdef"
STREAM = f"MZ{IDENTITY}"
FRAME = bytes(range(160))


def _read(**message: Any) -> tuple[Event, ...]:
    return DIALECT.open(IDENTITY).parse(json.dumps(message).encode())


def test_a_stream_begins_as_the_carriers_do() -> None:
    connected, start = (json.loads(text) for text in DIALECT.open(IDENTITY).opening())
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert (start["event"], start["sequenceNumber"], start["streamSid"]) == ("start", "1", STREAM)
    content = start["start"]
    assert content["streamSid"] == STREAM
    assert (content["callSid"][:2], len(content["callSid"])) == ("CA", 34)
    assert (content["accountSid"][:2], len(content["accountSid"])) == ("AC", 34)
    assert content["mediaFormat"] == {
        "encoding": "audio/x-mulaw",
        "sampleRate": 8_000,
        "channels": 1,
    }


@given(st.integers(1, 200))
def test_frames_are_numbered_and_stamped_by_the_plan(frames: int) -> None:
    stream = DIALECT.open(IDENTITY)
    stream.opening()
    shared = DIALECT.append_audio(FRAME)
    for _ in range(frames):
        message = json.loads(stream.frame(shared))
    assert message == {
        "event": "media",
        "streamSid": STREAM,
        "sequenceNumber": str(frames + 1),
        "media": {
            "track": "inbound",
            "chunk": str(frames),
            "timestamp": str((frames - 1) * 20),
            "payload": base64.b64encode(FRAME).decode(),
        },
    }


def test_sequence_numbers_run_over_all_messages() -> None:
    stream = DIALECT.open(IDENTITY)
    stream.opening()
    said = [stream.frame(DIALECT.append_audio(FRAME)), *stream.mark_played("m"), *stream.closing()]
    read = [json.loads(message) for message in said]
    assert [message["sequenceNumber"] for message in read] == ["2", "3", "4"]
    assert [message["event"] for message in read] == ["media", "mark", "stop"]
    assert read[1]["mark"] == {"name": "m"}
    assert all(message["streamSid"] == STREAM for message in read)


def test_the_three_messages_of_an_application_are_understood() -> None:
    assert _read(event="media", streamSid=STREAM, media={"payload": "AAAA"}) == (
        AudioDelta(b"AAAA"),
    )
    assert _read(event="mark", streamSid=STREAM, mark={"name": "over"}) == (PlaybackMark("over"),)
    assert _read(event="clear", streamSid=STREAM) == (PlaybackCleared(),)
    assert _read(event="later", streamSid=STREAM, more=1) == (Notice("later"),)


@pytest.mark.parametrize(
    "message",
    [
        {"event": "media", "media": {"payload": "AAAA"}},
        {"event": "clear", "streamSid": "MZother"},
        {"event": "media", "streamSid": STREAM},
        {"event": "mark", "streamSid": STREAM},
        {"event": "media", "streamSid": STREAM, "media": {"payload": 1}},
        {"streamSid": STREAM},
        [],
    ],
)
def test_what_the_carrier_ignores_is_counted_as_unreadable(message: object) -> None:
    with pytest.raises(MalformedMessage):
        DIALECT.open(IDENTITY).parse(json.dumps(message).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_malformed(message: bytes) -> None:
    try:
        DIALECT.open(IDENTITY).parse(message)
    except MalformedMessage:
        return
    raise AssertionError("bytes of chance name no stream")


def test_nothing_is_configured_and_nothing_asked_for() -> None:
    assert DIALECT.configure(SessionSettings(voice="alloy")) == []
    assert DIALECT.open(IDENTITY).request(RequestResponse()) == []
    assert not DIALECT.facts.reports_endpoint
    assert not DIALECT.facts.announces_responses
