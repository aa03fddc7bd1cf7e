from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.session.turn.patience import IDLE_NS, patient_until_ns
from harness.session.turn.planned_speech import PlannedSpeech
from harness.session.turn.response_state import ResponseState

MS = 1_000_000
END_NS, LIMIT_NS = 10_000 * MS, 5_000 * MS
SPOKEN = PlannedSpeech(
    session_id="s",
    turn_index=0,
    network="none",
    utterance_id="u",
    onset_ns=8_000 * MS,
    end_ns=END_NS,
    end_sample=1,
    end_due_ns=END_NS,
    limit_ns=LIMIT_NS,
)


def until_ns(state: ResponseState = ResponseState.SOUNDING, **known: Any) -> int:
    facts: dict[str, Any] = {
        "announces": True,
        "audible_ns": 11_000 * MS,
        "sound_ns": None,
        "played_ns": 12_000 * MS,
    }
    return patient_until_ns(state, SPOKEN, **facts | known)


def test_a_server_that_announces_responses_gets_the_whole_limit_after_what_was_played() -> None:
    assert until_ns() == 12_000 * MS + LIMIT_NS
    assert until_ns(sound_ns=11_500 * MS) == 12_000 * MS + LIMIT_NS


def test_a_server_that_announces_nothing_is_over_after_two_seconds_without_audio() -> None:
    assert IDLE_NS == 2_000 * MS
    assert until_ns(announces=False) == 12_000 * MS + IDLE_NS


def test_silence_without_end_does_not_prolong_the_wait() -> None:
    heard = until_ns(announces=False, sound_ns=11_500 * MS, played_ns=60_000 * MS)
    assert heard == 11_500 * MS + IDLE_NS


def test_a_withdrawn_response_leaves_a_short_wait() -> None:
    assert until_ns(ResponseState.NONE) == 12_000 * MS + IDLE_NS


def test_after_a_premature_response_the_caller_waits_for_the_real_one_to_the_limit() -> None:
    premature = until_ns(ResponseState.NONE, audible_ns=9_000 * MS, played_ns=9_500 * MS)
    assert premature == END_NS + LIMIT_NS
    long = until_ns(ResponseState.NONE, audible_ns=9_000 * MS, played_ns=20_000 * MS)
    assert long == 20_000 * MS + IDLE_NS


@pytest.mark.parametrize("announces", [True, False])
@given(
    state=st.sampled_from(ResponseState),
    audible_ms=st.integers(8_000, 20_000),
    sound_ms=st.integers(0, 9_000),
    played_ms=st.integers(0, 9_000),
)
def test_nobody_hangs_up_before_what_sounded_has_been_heard(
    announces: bool, state: ResponseState, audible_ms: int, sound_ms: int, played_ms: int
) -> None:
    sound_ns = (audible_ms + min(sound_ms, played_ms)) * MS
    found = until_ns(
        state,
        announces=announces,
        audible_ns=audible_ms * MS,
        sound_ns=sound_ns,
        played_ns=(audible_ms + played_ms) * MS,
    )
    assert found >= sound_ns + IDLE_NS
