from harness.model import TurnInstants
from harness.session.turn.planned_speech import since


def test_instants_count_from_the_origin_and_unknown_ones_stay_unknown() -> None:
    known = {"speech_onset_ns": 70, "speech_end_ns": 50, "session_ready_ns": None}
    assert since(known, 50) == TurnInstants(speech_onset_ns=20, speech_end_ns=0)
