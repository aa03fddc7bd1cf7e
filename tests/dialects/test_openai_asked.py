import json
from typing import Any

import pytest

from harness.dialects import OpenAIRealtime, SessionSettings, SessionWishes
from harness.errors import BadInput

DIALECT = OpenAIRealtime()
PCM = {"type": "audio/pcm", "rate": 24_000}


def asked(own: dict[str, Any], **rest: Any) -> dict[str, Any]:
    wishes = SessionWishes.of(own, "s.json")
    (update,) = DIALECT.configure(SessionSettings(wishes=wishes, **{"silence_ms": 500, **rest}))
    session: dict[str, Any] = json.loads(update)["session"]
    return session


def detection(kind: Any) -> dict[str, Any]:
    return {"audio": {"input": {"turn_detection": kind}}}


def test_the_users_own_session_is_sent_as_it_is_over_the_defaults() -> None:
    own = {
        "instructions": "Be brief.",
        "max_output_tokens": 300,
        "tools": [{"type": "function", "name": "book", "parameters": {"type": "object"}}],
        "audio": {
            "input": {"noise_reduction": {"type": "near_field"}},
            "output": {"voice": "marin", "speed": 1.1},
        },
    }
    session = asked(own)
    assert session["tools"] == own["tools"]
    assert session["instructions"] == "Be brief."
    assert session["max_output_tokens"] == 300
    assert session["audio"] == {
        "input": {
            "format": PCM,
            "turn_detection": {"type": "server_vad", "silence_duration_ms": 500},
            "noise_reduction": {"type": "near_field"},
        },
        "output": {"format": PCM, "voice": "marin", "speed": 1.1},
    }
    assert (session["type"], session["output_modalities"]) == ("realtime", ["audio"])


def test_another_turn_detection_takes_nothing_from_ours() -> None:
    semantic = {"type": "semantic_vad", "eagerness": "low"}
    session = asked(detection(semantic))
    assert session["audio"]["input"]["turn_detection"] == semantic


@pytest.mark.parametrize("none", [None, "none", {"type": "none"}])
def test_no_turn_detection_is_null_and_the_caller_commits(none: Any) -> None:
    assert asked(detection(none))["audio"]["input"]["turn_detection"] is None
    wishes = SessionWishes.of(detection(none))
    assert DIALECT.commits(SessionSettings(wishes=wishes))
    assert not DIALECT.commits(SessionSettings())


def test_the_tools_of_a_dialogue_are_added_to_those_of_the_session() -> None:
    book = {"type": "function", "name": "book", "parameters": {"type": "object"}}
    session = asked({"tools": [book]}, tools=("book", "look_up"))
    assert session["tools"][0] == book
    assert [tool["name"] for tool in session["tools"]] == ["book", "look_up"]


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"audio": {"input": {"format": {"type": "audio/pcmu"}}}}, "audio/pcmu"),
        ({"audio": {"output": {"format": {"type": "audio/pcm", "rate": 16000}}}}, "16000"),
        ({"output_audio_format": "g711_ulaw"}, "g711_ulaw"),
        ({"output_modalities": ["text"]}, "without audio"),
        ({"type": "transcription"}, "transcription"),
        ({"model": "other"}, "--model"),
        ({"audio": "loud"}, "audio is no object"),
        ({"audio": {"input": []}}, "audio.input is no object"),
        (detection({"type": "server_vad", "create_response": False}), "create_response"),
    ],
)
def test_what_could_not_be_measured_is_refused(own: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words) as raised:
        asked(own)
    assert "s.json" in str(raised.value)


def test_our_own_format_may_be_named() -> None:
    own = {"audio": {"input": {"format": {"type": "audio/pcm"}}, "output": {"format": PCM}}}
    assert asked(own)["audio"]["input"]["format"] == PCM


def test_a_silence_that_was_asked_for_is_held_against_the_session() -> None:
    quiet = detection({"type": "server_vad", "silence_duration_ms": 700})
    assert asked(quiet)["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 700
    for own in (quiet, detection({"type": "semantic_vad"}), detection(None)):
        with pytest.raises(BadInput, match="--silence-ms"):
            asked(own, silence_ms=300, silence_given=True)
    asked(quiet, silence_ms=700, silence_given=True)
    louder = asked(detection({"threshold": 0.7}), silence_ms=300, silence_given=True)
    assert louder["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 300
