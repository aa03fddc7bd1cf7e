"""How each carrier begins a stream, as its documents show it."""

import json
from typing import Any

import pytest

from harness.dialects.carriers.media_stream import MediaStream, StreamTable
from harness.dialects.carriers.tables import (
    EXOTEL,
    PLIVO,
    STREAM_TABLES,
    TELNYX,
)
from harness.model import (
    AudioDelta,
    AudioFormat,
    Encoding,
    PressKey,
    RequestResponse,
    SessionConfigured,
)

IDENTITY = "0123456789abcdef0123456789abcdef"
UUID = "01234567-89ab-cdef-0123-456789abcdef"


def _opening(table: StreamTable) -> list[dict[str, Any]]:
    return [json.loads(text) for text in MediaStream(table).open(IDENTITY).opening()]


def _frame(table: StreamTable) -> dict[str, Any]:
    dialect = MediaStream(table)
    stream = dialect.open(IDENTITY)
    stream.opening()
    stream.frame(dialect.append_audio(b"\0"))
    message: dict[str, Any] = json.loads(stream.frame(dialect.append_audio(b"\0")))
    return message


def test_telnyx() -> None:
    connected, start = _opening(TELNYX)
    assert connected == {"event": "connected", "version": "1.0.0"}
    assert (start["stream_id"], start["sequence_number"]) == (UUID, "1")
    assert start["start"]["call_control_id"].startswith("v3:")
    assert start["start"]["media_format"] == {
        "encoding": "PCMU",
        "sample_rate": 8_000,
        "channels": 1,
    }
    assert _frame(TELNYX) == {
        "event": "media",
        "stream_id": UUID,
        "sequence_number": "3",
        "media": {"track": "inbound", "chunk": "2", "timestamp": "20", "payload": "AA=="},
    }


def test_plivo() -> None:
    (start,) = _opening(PLIVO)
    assert (start["sequenceNumber"], start["extra_headers"]) == (1, "{}")
    assert start["start"]["streamId"] == UUID
    assert start["start"]["mediaFormat"] == {"encoding": "audio/x-mulaw", "sampleRate": 8_000}
    frame = _frame(PLIVO)
    assert (frame["sequenceNumber"], frame["media"]["chunk"], frame["streamId"]) == (3, 2, UUID)
    stream = MediaStream(PLIVO).open(IDENTITY)
    assert json.loads(stream.mark_played("over")[0]) == {
        "event": "playedStream",
        "streamId": UUID,
        "name": "over",
    }
    assert json.loads(stream.playback_cleared()[0])["event"] == "clearedAudio"
    assert stream.closing() == []


def test_exotel() -> None:
    connected, start = _opening(EXOTEL)
    assert connected == {"event": "connected"}
    assert start["stream_sid"] == start["start"]["stream_sid"] == f"MZ{IDENTITY}"
    assert start["start"]["media_format"] == {
        "encoding": "audio/x-raw",
        "sample_rate": "8000",
        "bit_rate": "16",
    }
    media = _frame(EXOTEL)["media"]
    assert (media["chunk"], media["timestamp"]) == ("2", "100")
    assert "track" not in media


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (STREAM_TABLES[0], {"track": "inbound_track", "digit": "#"}),
        (TELNYX, {"digit": "#"}),
        (PLIVO, {"track": "inbound", "digit": "#"}),
        (EXOTEL, {"duration": "100", "digit": "#"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_pressed_key_is_a_numbered_message(table: StreamTable, key: dict[str, str]) -> None:
    stream = MediaStream(table).open(IDENTITY)
    stream.opening()
    (message,) = stream.request(PressKey("#"))
    told = json.loads(message)
    assert (told["event"], told["dtmf"]) == ("dtmf", key)
    assert told[table.stream] == stream.identifier
    (after,) = stream.request(PressKey("1"))
    assert int(json.loads(after)[table.sequence]) == int(told[table.sequence]) + 1
    assert stream.request(RequestResponse()) == []


def test_audio_that_names_its_own_format_is_taken_in_it() -> None:
    stream = MediaStream(PLIVO).open(IDENTITY)

    def play(**media: Any) -> Any:
        said = {"event": "playAudio", "streamId": UUID, "media": {"payload": "AAAA", **media}}
        return stream.parse(json.dumps(said).encode())

    delta = AudioDelta(b"AAAA")
    assert play(contentType="audio/x-mulaw", sampleRate=8_000) == (delta,)
    linear = SessionConfigured(output=AudioFormat(16_000, Encoding.PCM16))
    assert play(contentType="audio/x-l16", sampleRate="16000") == (linear, delta)
    assert play(contentType="audio/x-l16", sampleRate=16_000) == (delta,)
    assert play(contentType="audio/x-l16", sampleRate="many") == (delta,)


@pytest.mark.parametrize("table", STREAM_TABLES, ids=lambda table: table.name)
def test_every_table_names_its_source(table: StreamTable) -> None:
    assert table.facts.source
    assert table.facts.as_of
    assert not table.facts.reports_usage
