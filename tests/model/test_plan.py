from typing import Any

import pytest

from harness.model import CallPlan, TurnBehaviour

CALL: dict[str, Any] = {
    "number": 0,
    "network": "none",
    "utterance_ids": ("a", "b"),
    "think_ms": (1.0, 2.0),
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"utterance_ids": (), "think_ms": ()}, "at least one utterance"),
        ({"think_ms": (1.0,)}, "as long as"),
        ({"think_ms": (1.0, -1.0)}, "not be negative"),
        ({"behaviours": (TurnBehaviour(),)}, "empty or as long as"),
    ],
)
def test_a_call_that_cannot_be_held_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CallPlan(**CALL | change)


@pytest.mark.parametrize(
    "asked",
    [
        {"barge_in_ms": -1.0},
        {"hesitation_ms": -1.0},
        {"tool_ms": -1.0},
        {"backchannels_ms": (100.0, -1.0)},
        {"hesitation_at": 0.0},
        {"hesitation_at": 1.0},
    ],
)
def test_a_behaviour_outside_the_turn_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="inside the speech"):
        TurnBehaviour(**asked)


def test_the_backchannels_recording_is_needed_only_where_there_are_backchannels() -> None:
    silent = CallPlan(**CALL, backchannel_id="mhm")
    assert silent.recording_ids == ("a", "b")
    behaviours = (TurnBehaviour(backchannels_ms=(400.0,)), TurnBehaviour())
    heard = CallPlan(**CALL, behaviours=behaviours, backchannel_id="mhm")
    assert heard.recording_ids == ("a", "b", "mhm")
    assert CallPlan(**CALL, behaviours=behaviours).recording_ids == ("a", "b")
