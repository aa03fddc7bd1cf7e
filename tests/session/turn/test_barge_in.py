from dataclasses import fields

from harness.model import TurnInstants
from harness.session.turn.barge_in import BargeInEffect


def test_its_instants_are_named_as_in_the_record() -> None:
    effect = BargeInEffect(ack_ns=2, stopped_ns=3, talked_over_ns=4)
    instants = effect.instants(1)
    assert set(instants) <= {field.name for field in fields(TurnInstants)}
    assert TurnInstants(**instants) == TurnInstants(
        barge_in_onset_ns=1, barge_in_ack_ns=2, audio_stopped_ns=3, talked_over_ns=4
    )


def test_what_is_not_known_stays_unknown() -> None:
    assert set(BargeInEffect().instants(1).values()) == {1, None}
