import itertools
import typing

import pytest

from harness import model
from harness.session.turn.response_state import NEXT, Reply, Withdrawn


def test_the_table_knows_only_events_that_exist() -> None:
    events = {*typing.get_args(model.Event), Withdrawn}
    assert {kind for _, kind in NEXT} <= events


def test_every_state_can_be_reached_and_left() -> None:
    assert {state for state, _ in NEXT} == set(NEXT.values()) == set(Reply)


@pytest.mark.parametrize("state", Reply)
def test_audio_sounds_and_an_end_is_over_from_wherever_a_reply_may_be(state: Reply) -> None:
    assert NEXT.get((state, model.AudioDelta), state) is Reply.SOUNDING
    assert NEXT.get((state, model.ResponseDone), state) is Reply.OVER
    assert NEXT.get((state, Withdrawn), state) is Reply.NONE


def test_a_reply_that_sounds_is_not_undone_by_what_the_server_hears() -> None:
    heard = (model.SpeechStarted, model.SpeechStopped, model.InputCommitted)
    for state, kind in itertools.product((Reply.SOUNDING, Reply.OVER), heard):
        assert (state, kind) not in NEXT
