"""Both sides of every carrier's socket, written apart, understand each other."""

import base64
import json

import pytest

from harness.dialects import DIALECTS
from harness.model import AudioDelta, BinaryMessage, PlaybackCleared, PlaybackMark
from harness.simulator.carrier.words import CARRIERS

IDENTITY = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("name", CARRIERS)
def test_what_one_side_says_the_other_understands(name: str) -> None:
    dialect, words = DIALECTS[name](), CARRIERS[name]
    call = dialect.open(IDENTITY)
    start = json.loads(call.opening()[-1])
    assert start["event"] == words.begins
    stream = words.stream_of(start)
    assert stream == call.identifier
    linear = words.rate_of(start)
    assert linear in (None, dialect.audio.rate_hz)
    assert call.parse(_encoded(words.mark(stream, "over")))[0].__class__ is PlaybackMark
    assert call.parse(_encoded(words.clear(stream))) == (PlaybackCleared(),)
    if words.binary:
        assert call.parse(BinaryMessage(b"\0\0")) == (AudioDelta(b"\0\0"),)
    else:
        payload = base64.b64encode(bytes(160)).decode()
        assert call.parse(_encoded(words.audio(stream, payload))) == (AudioDelta(payload.encode()),)


@pytest.mark.parametrize("name", CARRIERS)
def test_a_mark_comes_back_under_the_name_it_was_given(name: str) -> None:
    words = CARRIERS[name]
    call = DIALECTS[name]().open(IDENTITY)
    (asked,) = call.parse(_encoded(words.mark(call.identifier, "over")))
    assert isinstance(asked, PlaybackMark)
    (told,) = (json.loads(message) for message in call.mark_played(asked.name))
    assert told["event"] == words.returned
    assert words.name_of(told) == "over"


def _encoded(message: object) -> bytes:
    return json.dumps(message).encode()
