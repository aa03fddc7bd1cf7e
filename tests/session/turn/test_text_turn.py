"""Turns in text: what counts from the prompt to the first text and to the last."""

from dataclasses import replace

import pytest

from harness.errors import Fault, Party, Phase
from harness.model import (
    EXACT,
    AudioDelta,
    AudioFormat,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    StampBound,
    TextDelta,
    TurnStatus,
)
from harness.session.playout.spoken_text import CHARACTER_MS
from harness.session.said import Said
from harness.session.turn.planned_speech import PlannedSpeech
from harness.session.turn.text_turn import TextTurn
from tests.session.answering import WIRE_FORMAT

MS = 1_000_000
SPOKEN = PlannedSpeech(
    session_id="s",
    turn_index=0,
    network="none",
    utterance_id="u0",
    onset_ns=0,
    end_ns=500 * MS,
    end_sample=0,
    end_due_ns=500 * MS,
    limit_ns=3_000 * MS,
    words="Hello",
    said=Said(utterance_id="u0", start_ns=0),
)
DONE = ResponseDone("", ResponseStatus.COMPLETED)


def new_turn(spoken: PlannedSpeech = SPOKEN) -> TextTurn:
    return TextTurn(
        spoken,
        audio=AudioFormat(8_000),
        new_decoder=WIRE_FORMAT.new_decoder,
        stale=frozenset(),
        before={},
    )


def prompted(at_ms: float = 500.0) -> TextTurn:
    turn = new_turn()
    turn.prompted(round(at_ms * MS))
    return turn


def text(turn: TextTurn, words: str, at_ms: int, *, last: bool = False) -> None:
    if words:
        turn.receive(TextDelta("", words), at_ms * MS, EXACT)
        turn.receive(AudioDelta(words.encode()), at_ms * MS, EXACT)
    if last:
        turn.receive(DONE, at_ms * MS, EXACT)


def begin(turn: TextTurn, at_ms: int) -> None:
    turn.receive(ResponseCreated(), at_ms * MS, EXACT)


def test_a_turn_in_text_is_completed_although_nothing_was_heard() -> None:
    turn = prompted()
    begin(turn, 700)
    text(turn, "Hi", 700)
    text(turn, " there", 750)
    text(turn, "", 760, last=True)
    assert turn.ends_ns() == (700 + 8 * CHARACTER_MS) * MS
    record = turn.record(0)
    assert record.status is TurnStatus.COMPLETED
    assert record.in_text
    assert record.at.speech_end_ns == record.at.commit_sent_ns == 500 * MS
    assert record.at.first_text_ns == record.answered_ns == 700 * MS
    assert record.at.last_text_ns == 760 * MS
    at = record.at
    assert (at.first_audio_ns, at.first_audible_ns, at.last_audio_ns, at.playout_end_ns) == (
        (None,) * 4
    )
    assert record.speech_end_sample is None
    assert record.counts.frames_sent == record.counts.samples_received == 0
    assert turn.words.text() == "Hi there"


def test_text_before_the_prompt_answers_nothing() -> None:
    turn = new_turn()
    begin(turn, 300)
    text(turn, "Welcome", 300, last=True)
    turn.prompted(500 * MS)
    begin(turn, 900)
    text(turn, "Yes", 900, last=True)
    record = turn.record(0)
    assert record.status is TurnStatus.COMPLETED
    assert record.at.first_text_ns == 900 * MS
    assert turn.words.text() == "Yes"
    assert record.counts.audio_deltas == 2


def test_a_greeting_is_taken_without_a_prompt() -> None:
    turn = new_turn(replace(SPOKEN, said=None, utterance_id="", onset_ns=500 * MS))
    text(turn, "Welcome", 600, last=True)
    assert turn.record(0).at.first_text_ns == 600 * MS


def test_the_last_text_is_known_only_once_the_agent_has_said_so() -> None:
    turn = prompted()
    begin(turn, 700)
    text(turn, "One.", 700, last=True)
    begin(turn, 800)
    text(turn, "Two", 800)
    assert turn.record(0).at.last_text_ns is None
    text(turn, ".", 900, last=True)
    assert turn.record(0).at.last_text_ns == 900 * MS


def test_a_stalled_response_is_waited_for_to_the_limit() -> None:
    turn = prompted()
    begin(turn, 700)
    text(turn, "Well", 700)
    spoken_ms = 700 + 4 * CHARACTER_MS
    assert turn.ends_ns() == spoken_ms * MS + SPOKEN.limit_ns


def test_an_interrupted_response_has_no_last_text() -> None:
    turn = prompted()
    begin(turn, 700)
    text(turn, "A long story", 700)
    turn.interrupt(800 * MS)
    text(turn, " that goes on", 850, last=True)
    record = turn.record(0)
    assert record.at.last_text_ns is None
    assert record.at.first_text_ns == 700 * MS


@pytest.mark.parametrize(("words", "code"), [("", "empty_reply"), (None, "no_reply")])
def test_no_text_is_no_reply(words: str | None, code: str) -> None:
    turn = prompted()
    if words is not None:
        begin(turn, 700)
        text(turn, words, 700, last=True)
    record = turn.record(0)
    assert record.status is TurnStatus.NO_REPLY
    assert record.fault is not None
    assert record.fault.code == code
    assert "audible" not in record.fault.detail
    assert record.at.last_text_ns is None


def test_a_lost_connection_breaks_off_what_had_begun() -> None:
    turn = prompted()
    begin(turn, 700)
    text(turn, "Well", 700)
    lost = Fault(Party.THEIRS, Phase.CLOSE, "lost")
    assert turn.record(0, lost, now_ns=750 * MS).status is TurnStatus.BROKEN_OFF


def test_how_late_the_prompt_left_is_the_error_and_silence_after_it_is_not() -> None:
    turn = prompted(503)
    turn.sent(90 * MS)
    begin(turn, 700)
    turn.receive(AudioDelta(b"Hi"), 700 * MS, StampBound(1 * MS, 2 * MS))
    turn.receive(DONE, 700 * MS, EXACT)
    record = turn.record(0)
    assert record.endpoint_lateness_ns == 3 * MS
    assert record.error_bound_ns == 6 * MS
    assert record.status is TurnStatus.COMPLETED


def test_a_prompt_that_left_too_late_voids_its_turn() -> None:
    turn = prompted(511)
    begin(turn, 700)
    text(turn, "Hi", 700, last=True)
    assert turn.record(0).status is TurnStatus.VOID
