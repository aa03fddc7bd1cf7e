from collections.abc import Callable

from harness.analysis.timeline import timeline
from harness.model import TurnCounts, TurnInstants, TurnRecord, TurnStatus, Underruns

MakeTurn = Callable[..., TurnRecord]
_MS = 1_000_000


def test_everything_counts_from_the_end_of_speech(make_turn: MakeTurn) -> None:
    gaps = tuple(
        Underruns(buffer_ms=buffer, count=4 - i, total_ms=50.0 * (4 - i), longest_ms=50)
        for i, buffer in enumerate((20, 60, 200))
    )
    (found,) = timeline([make_turn(800.0, counts=TurnCounts(underruns=gaps))])
    assert (found.speech_from_ms, found.endpoint_ms, found.audio_ms) == (-2_000, 400, 750)
    assert (found.audible_ms, found.latency_ms, found.censored) == (800, 800, False)
    assert (found.gaps, found.gaps_ms) == (3, 150)
    assert (found.outcome, found.failed, found.until_ms) == ("completed", False, None)


def test_an_interruption_stands_in_the_response_that_it_interrupts(make_turn: MakeTurn) -> None:
    at = TurnInstants(
        speech_end_ns=14_000 * _MS,
        barge_in_onset_ns=12_000 * _MS,
        audio_stopped_ns=12_300 * _MS,
        first_audible_ns=15_000 * _MS,
    )
    interrupted, interrupting = timeline([make_turn(800.0), make_turn(index=1, at=at)])
    assert (interrupted.barge_in_ms, interrupted.until_ms) == (2_000, 2_300)
    assert interrupting.barge_in_ms is None


def test_a_turn_without_an_answer_has_its_limit_and_nothing_else(make_turn: MakeTurn) -> None:
    (found,) = timeline([make_turn(None, status=TurnStatus.NO_REPLY)])
    assert (found.latency_ms, found.censored, found.failed) == (15_000, True, True)
    assert found.outcome == "no_reply, theirs"
    assert found.audible_ms is None


def test_a_turn_that_never_began_has_no_place_on_the_line(make_turn: MakeTurn) -> None:
    (found,) = timeline([make_turn(None, status=TurnStatus.DROPPED, at=TurnInstants())])
    assert (found.speech_from_ms, found.latency_ms) == (None, None)
    assert timeline([]) == []
