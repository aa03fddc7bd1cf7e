import itertools
import typing

import pytest

from harness import model
from harness.session.turn.response_state import TRANSITIONS, ResponseState, Withdrawn


def test_the_table_knows_only_events_that_exist() -> None:
    events = {*typing.get_args(model.Event), Withdrawn}
    assert {kind for _, kind in TRANSITIONS} <= events


def test_every_state_can_be_reached_and_left() -> None:
    assert {state for state, _ in TRANSITIONS} == set(TRANSITIONS.values()) == set(ResponseState)


@pytest.mark.parametrize("state", ResponseState)
def test_audio_sounds_and_an_end_is_over_from_wherever_a_response_may_be(
    state: ResponseState,
) -> None:
    assert state.after(model.AudioDelta) is ResponseState.SOUNDING
    assert state.after(model.ResponseDone) is ResponseState.OVER
    assert state.after(Withdrawn) is ResponseState.NONE


def test_a_response_that_sounds_is_not_undone_by_what_the_server_hears() -> None:
    heard = (model.SpeechStarted, model.SpeechStopped, model.InputCommitted)
    for state, kind in itertools.product((ResponseState.SOUNDING, ResponseState.OVER), heard):
        assert (state, kind) not in TRANSITIONS
