import copy
from typing import Any

import pytest

from harness.simulator.protocol.configuration import checked_response, default_session, updated
from harness.simulator.protocol.refusals import Refused

SESSION = default_session(session_id="sess_1", model="m", expires_at=1)


def _update(change: Any, *, voice_is_set: bool = False) -> dict[str, Any]:
    before = copy.deepcopy(SESSION)
    try:
        return updated(SESSION, change, voice_is_set=voice_is_set)
    finally:
        assert before == SESSION, "an update must leave the session it came from alone"


def test_update_is_a_partial_merge() -> None:
    output = {"voice": "marin"}
    merged = _update({"type": "realtime", "instructions": "Be kind.", "audio": {"output": output}})
    expected = copy.deepcopy(SESSION)
    expected["instructions"] = "Be kind."
    expected["audio"]["output"]["voice"] = "marin"
    assert merged == expected


def test_turn_detection_with_some_keys_has_defaults_for_the_others() -> None:
    detection = {"type": "server_vad", "silence_duration_ms": 500}
    merged = _update({"type": "realtime", "audio": {"input": {"turn_detection": detection}}})
    shown = merged["audio"]["input"]["turn_detection"]
    assert shown == SESSION["audio"]["input"]["turn_detection"] | detection


def test_what_stock_clients_send_is_accepted() -> None:
    _update(
        {
            "type": "realtime",
            "model": "m",
            "tracing": "auto",
            "output_modalities": ["audio"],
            "tool_choice": "auto",
            "tools": [{"type": "function", "name": "f", "parameters": {"$schema": "x"}}],
            "max_output_tokens": "inf",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24_000},
                    "noise_reduction": None,
                    "transcription": {"model": "gpt-4o-mini-transcribe"},
                    "turn_detection": None,
                },
                "output": {"speed": 1.0, "voice": "alloy", "format": {"type": "audio/pcm"}},
            },
        }
    )
    assert checked_response({"instructions": None, "tool_choice": "none"}) == {
        "tool_choice": "none"
    }


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({}, "missing_required_parameter", "session.type"),
        ({"type": "realtime", "bogus": 1}, "unknown_parameter", "session.bogus"),
        (
            {"type": "realtime", "audio": {"input": {"bogus": 1}}},
            "unknown_parameter",
            "session.audio.input.bogus",
        ),
        (
            {"type": "realtime", "audio": {"input": {"format": {"rate": 16_000}}}},
            "integer_below_min_value",
            "session.audio.input.format.rate",
        ),
        ({"type": "realtime", "model": "other"}, "invalid_value", "session.model"),
        ({"type": "transcription"}, "invalid_value", "session.type"),
        (
            {"type": "realtime", "audio": {"input": {"turn_detection": {"threshold": True}}}},
            "invalid_value",
            "session.audio.input.turn_detection.threshold",
        ),
        ([], "invalid_value", "session"),
    ],
)
def test_bad_updates_are_refused_with_the_dotted_path(change: Any, code: str, param: str) -> None:
    with pytest.raises(Refused) as refusal:
        _update(change)
    assert (refusal.value.code, refusal.value.param) == (code, param)


def test_voice_is_fixed_once_it_was_heard() -> None:
    change = {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}
    with pytest.raises(Refused, match="assistant audio is present"):
        _update(change, voice_is_set=True)
    same = {"type": "realtime", "audio": {"output": {"voice": "alloy"}}}
    assert _update(same, voice_is_set=True) == SESSION


@pytest.mark.parametrize(
    "options",
    [[], {"conversation": "x"}, {"output_modalities": ["text", "audio"]}, {"bogus": 1}],
)
def test_responses_that_are_not_served_are_refused(options: Any) -> None:
    with pytest.raises(Refused):
        checked_response(options)
