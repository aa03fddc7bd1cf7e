from dataclasses import replace

import pytest

from harness.model import TurnInstants
from harness.session.turn.network_lateness import late_ns, measured_part_ns

AT = TurnInstants(speech_onset_ns=10, speech_end_ns=100, first_audio_ns=190, first_audible_ns=200)


@pytest.mark.parametrize(
    ("at", "part"),
    [
        (AT, (100, 200)),
        (replace(AT, playout_end_ns=900, last_audio_ns=800), (100, 200)),
        (replace(AT, first_audible_ns=None), (100, 190)),
        (replace(AT, first_audible_ns=None, last_audio_ns=700), (100, 700)),
        (replace(AT, first_audible_ns=None, playout_end_ns=750, last_audio_ns=700), (100, 750)),
        (TurnInstants(speech_end_ns=100, last_frame_sent_ns=120), (100, 120)),
        (TurnInstants(speech_end_ns=100), None),
        (TurnInstants(first_audible_ns=5), None),
    ],
)
def test_the_latency_is_measured_from_the_end_of_speech_to_the_first_sound(
    at: TurnInstants, part: tuple[int, int] | None
) -> None:
    assert measured_part_ns(at) == part


def test_the_network_is_asked_in_monotonic_time() -> None:
    asked = []

    def lateness(session_id: str, began_ns: int, ended_ns: int) -> int:
        asked.append((session_id, began_ns, ended_ns))
        return 7

    assert late_ns(lateness, "call-1", AT, 1_000) == 7
    assert asked == [("call-1", 1_100, 1_200)]
    assert late_ns(lateness, "call-1", TurnInstants(), 1_000) is None
    assert len(asked) == 1


def test_a_network_that_is_not_to_change_is_never_late() -> None:
    assert late_ns(None, "call-1", AT, 0) is None
