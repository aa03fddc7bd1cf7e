"""Frames as Pipecat 1.14 itself writes them, and messages of RTVI."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects import MalformedMessage, SessionSettings
from harness.dialects.vendors.pipecat import Pipecat
from harness.model import (
    AudioDelta,
    AudioFormat,
    BinaryMessage,
    CommitTurn,
    Event,
    Notice,
    PlaybackCleared,
    ProviderError,
    SessionConfigured,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
)

AUDIO_24K = b"\x12\x16\x08\xac\x02\x12\x03A#0\x1a\x04\x01\x02\x03\x04 \xc0\xbb\x01(\x010\x05"
INTERRUPTION = b"*\x05\x08\x07\x12\x01I"
TEXT = b"\n\x04\x1a\x02hi"
STOPPED = b'"4\n2{"label":"rtvi-ai","type":"user-stopped-speaking"}'


def _read(message: bytes) -> tuple[Event, ...]:
    return Pipecat().open("id").parse(BinaryMessage(message))


def _rtvi(kind: str, **data: Any) -> Event:
    said = json.dumps({"label": "rtvi-ai", "type": kind, "data": data}).encode()
    (event,) = _read(bytes([0x22, len(said) + 2, 0x0A, len(said)]) + said)
    return event


def test_audio_goes_out_as_pipecat_writes_it() -> None:
    frame = Pipecat().append_audio(bytes(640))
    assert isinstance(frame, BinaryMessage)
    assert frame == b"\x12\x88\x05\x1a\x80\x05" + bytes(640) + b" \x80}(\x01"


def test_a_session_begins_with_the_clients_readiness_and_asks_for_no_more() -> None:
    session = Pipecat().open("id")
    (opening,) = session.opening()
    assert isinstance(opening, BinaryMessage)
    said = json.loads(opening[opening.index(b"{") :])
    assert (said["label"], said["type"], said["id"]) == ("rtvi-ai", "client-ready", "id")
    assert session.request(CommitTurn()) == []
    assert Pipecat().configure(SessionSettings()) == []
    assert Pipecat().path(SessionSettings()) == "/ws-client"


def test_audio_names_its_rate_which_holds_from_then_on() -> None:
    session, delta = Pipecat().open("id"), AudioDelta(b"\x01\x02\x03\x04")
    message = BinaryMessage(AUDIO_24K)
    assert session.parse(message) == (SessionConfigured(output=AudioFormat(24_000)), delta)
    assert session.parse(message) == (delta,)


def test_frames_and_messages_are_understood() -> None:
    assert _read(INTERRUPTION) == _read(b"*\x00") == (PlaybackCleared(),)
    assert _read(TEXT) == (Notice("text"),)
    assert _read(STOPPED) == (SpeechStopped(),)
    assert _rtvi("user-started-speaking") == SpeechStarted()
    assert _rtvi("bot-transcription", text="Hello.") == TextDelta("", "Hello. ")
    assert _rtvi("error", message="no key", fatal=True) == ProviderError("error", "no key")
    assert _rtvi("metrics", ttfb=[]) == Notice("metrics")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x12",
        b"\x12\x05\x1a",
        b"\x08\x01",
        b"\x13\x00",
        b"\x80" * 11,
        b'"\x04\n\x02no',
        b"\x12\x04\x1a\x00(\x02",
        b"\x12\x02\x18\x01",
    ],
)
def test_what_is_no_frame_is_malformed(message: bytes) -> None:
    with pytest.raises(MalformedMessage):
        _read(message)
    with pytest.raises(MalformedMessage):
        Pipecat().open("id").parse(b"{}")


@given(st.binary(max_size=80) | st.binary(max_size=40).map(lambda tail: AUDIO_24K + tail))
def test_no_bytes_do_worse_than_be_malformed(message: bytes) -> None:
    try:
        events = _read(message)
    except MalformedMessage:
        return
    assert events
