import pytest

from harness.model import (
    AudioDelta,
    Event,
    InputCommitted,
    Notice,
    ResponseCreated,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
)
from harness.session.turn.early_responses import EarlyResponses

MS = 1_000_000
ONSET_MS, TOLERANCE_MS = 1_000, 100
BEGINS = (ResponseCreated("early"), AudioDelta(b"", "early"), TextDelta("early"))
ENDS = (SpeechStopped(), InputCommitted())


def early() -> EarlyResponses:
    return EarlyResponses(ONSET_MS * MS)


def take(responses: EarlyResponses, event: Event, at_ms: int) -> bool:
    return responses.receive(event, at_ms * MS)


@pytest.mark.parametrize("begin", BEGINS)
@pytest.mark.parametrize("end", ENDS)
def test_what_begins_well_before_the_end_is_told_is_not_the_answer(
    begin: Event, end: Event
) -> None:
    responses = early()
    assert not take(responses, begin, 1_500)
    assert responses.pending
    assert take(responses, end, 1_500 + TOLERANCE_MS + 1)
    assert responses.withdraw() == {"early"}
    assert responses.withdraw() == frozenset(), "it is withdrawn once"


def test_an_end_that_is_told_just_after_its_answer_is_out_of_order_only() -> None:
    responses = early()
    take(responses, BEGINS[0], 1_500)
    assert not take(responses, SpeechStopped(), 1_500 + TOLERANCE_MS)
    assert not responses.pending


def test_the_age_is_that_of_the_oldest_response_from_its_first_event() -> None:
    responses = early()
    take(responses, ResponseCreated("old"), 1_500)
    take(responses, AudioDelta(b"", "old"), 1_700)
    take(responses, ResponseCreated("new"), 1_700)
    assert take(responses, SpeechStopped(), 1_700 + TOLERANCE_MS)
    assert responses.withdraw() == {"old", "new"}


def test_an_end_before_the_caller_spoke_is_of_the_turn_before() -> None:
    responses = early()
    take(responses, BEGINS[0], 500)
    assert not take(responses, SpeechStopped(), ONSET_MS - 1)
    assert responses.pending
    assert take(responses, SpeechStopped(), ONSET_MS + 100)


def test_only_the_first_end_of_a_turn_counts() -> None:
    responses = early()
    assert not take(responses, SpeechStopped(), 1_200)
    take(responses, ResponseCreated("answer"), 1_300)
    assert not responses.pending
    assert not take(responses, InputCommitted(), 9_000)
    assert responses.withdraw() == frozenset()


def test_another_response_after_the_end_shows_that_the_first_was_none() -> None:
    responses = early()
    take(responses, ResponseCreated("early"), 1_500)
    assert not take(responses, SpeechStopped(), 1_550)
    assert not take(responses, AudioDelta(b"", "early"), 1_600)
    assert not take(responses, AudioDelta(b"", "answer"), 1_600), "audio alone shows nothing"
    assert take(responses, ResponseCreated("answer"), 1_700)
    assert responses.withdraw() == {"early"}


def test_responses_without_a_name_are_early_too_and_have_none_to_withdraw() -> None:
    responses = early()
    take(responses, AudioDelta(b""), 1_500)
    assert responses.pending
    assert take(responses, SpeechStopped(), 3_000)
    assert responses.withdraw() == frozenset()


def test_only_the_start_of_speech_says_that_the_server_hears_the_caller() -> None:
    responses = early()
    for event in (*BEGINS, *ENDS, Notice("n")):
        take(responses, event, 1_500)
        assert not responses.detects_speech
    assert not take(responses, SpeechStarted(), 1_600)
    assert responses.detects_speech
    take(responses, SpeechStopped(), 1_700)
    assert responses.detects_speech
