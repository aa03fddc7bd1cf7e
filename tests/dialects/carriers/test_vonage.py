import json

import pytest

from harness.dialects import MalformedMessage, SessionSettings
from harness.dialects.carriers.vonage import RATES_HZ, Vonage
from harness.model import (
    AudioDelta,
    BinaryMessage,
    Notice,
    PlaybackCleared,
    PlaybackMark,
    PressKey,
    RequestResponse,
)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_call_begins_with_the_format_of_its_audio(rate_hz: int) -> None:
    (first,) = Vonage(rate_hz).open("id").opening()
    assert json.loads(first) == {
        "event": "websocket:connected",
        "content-type": f"audio/l16;rate={rate_hz}",
        "call": "id",
    }


def test_audio_is_binary_in_both_directions() -> None:
    dialect = Vonage()
    call, frame = dialect.open("id"), bytes(640)
    sent = call.frame(dialect.append_audio(frame))
    assert isinstance(sent, BinaryMessage)
    assert sent == frame
    assert call.parse(BinaryMessage(b'{"action":"clear"}')) == (AudioDelta(b'{"action":"clear"}'),)


def test_commands_are_understood_and_answered() -> None:
    call = Vonage().open("id")
    assert call.parse(b'{"action":"clear"}') == (PlaybackCleared(),)
    assert call.playback_cleared() == [b'{"event":"websocket:cleared"}']
    (mark,) = call.parse(b'{"action":"notify","payload":{"turn":[1,2]}}')
    assert isinstance(mark, PlaybackMark)
    (told,) = call.mark_played(mark.name)
    assert json.loads(told) == {"event": "websocket:notify", "payload": {"turn": [1, 2]}}
    assert call.parse(b'{"action":"bell"}') == (Notice("bell"),)


@pytest.mark.parametrize("text", [b"no json", b"{}", b'{"action":1}', b"\xff"])
def test_a_text_that_is_no_command_is_malformed(text: bytes) -> None:
    with pytest.raises(MalformedMessage):
        Vonage().open("id").parse(text)


def test_a_carrier_configures_nothing_and_says_no_more() -> None:
    call = Vonage().open("id")
    assert Vonage().configure(SessionSettings()) == []
    assert call.request(RequestResponse()) == []
    (pressed,) = call.request(PressKey("*"))
    assert json.loads(pressed) == {"event": "websocket:dtmf", "digit": "*", "duration": 100}
    assert call.closing() == []
