"""Two turns at once: whose each event is, and when the old response stopped."""

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dialects.base64_audio import Base64Audio
from harness.model import (
    AudioDelta,
    AudioFormat,
    BargeIn,
    CutOff,
    Event,
    InputCommitted,
    Notice,
    PlaybackCleared,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    ToolCall,
    Truncate,
    TurnKind,
    TurnRecord,
)
from harness.session import PlannedSpeech, Turn
from harness.session.interruption import Interruption

MS = 1_000_000
RATE_HZ = 24_000
COMPLETED, CANCELLED = ResponseStatus.COMPLETED, ResponseStatus.CANCELLED


def audio(ms: int) -> bytes:
    samples = np.full(RATE_HZ * ms // 1000, 6_000, dtype="<i2")
    samples[1::2] = -6_000
    return base64.b64encode(samples.tobytes())


def turn(index: int, onset_ms: int, end_ms: int, stale: frozenset[str] = frozenset()) -> Turn:
    spoken = PlannedSpeech(
        session_id="s",
        turn_index=index,
        network="none",
        utterance_id="u",
        onset_ns=onset_ms * MS,
        end_ns=end_ms * MS,
        end_sample=end_ms * 24,
        end_due_ns=end_ms * MS,
        limit_ns=5_000 * MS,
    )
    return Turn(
        spoken, audio=AudioFormat(rate_hz=RATE_HZ), new_decoder=Base64Audio, stale=stale, before={}
    )


class Both:
    """A response of 2 s, heard from 1 s on, and a caller who speaks into it from 1.5 s to 2.5 s."""

    def __init__(self, name: str = "r1", *, fully_sent: bool = True) -> None:
        self.old = turn(0, 0, 500)
        self.old.receive(ResponseCreated(name), 900 * MS)
        self.old.receive(AudioDelta(audio(2_000), name, "i1"), 1_000 * MS)
        if fully_sent:
            self.old.receive(ResponseDone(name, COMPLETED), 1_010 * MS)
        self.new = turn(1, 1_500, 2_500, frozenset(self.old.ids.seen))
        self.new.sending.note(1_400 * MS, 0, frames=1, samples=480, ends_speech=False)
        self.between = Interruption(self.old, self.new)
        self.cuts: list[CutOff] = []

    def receive(self, *events: tuple[int, Event]) -> None:
        for at_ms, event in events:
            of_old, cut = self.between.receive(event, at_ms * MS)
            self.cuts += [] if cut is None else [cut]
            if not of_old:
                self.new.receive(event, at_ms * MS)

    def end(self, at_ms: int = 9_000, *, cut: bool = False) -> tuple[BargeIn, TurnRecord]:
        outcome = self.between.finalise(at_ms * MS, cut=cut)
        self.new.sending.note(2_500 * MS, 0, frames=1, samples=480, ends_speech=True)
        effect = self.between.effect()
        return outcome, self.new.record(0, now_ns=at_ms * MS, barge_in=effect)


def stop_ms(record: TurnRecord) -> float | None:
    at = record.at
    if at.audio_stopped_ns is None or at.barge_in_onset_ns is None:
        return None
    return (at.audio_stopped_ns - at.barge_in_onset_ns) / MS


ANSWER: tuple[tuple[int, Event], ...] = (
    (2_900, SpeechStopped("u2")),
    (2_910, InputCommitted("u2")),
    (2_920, ResponseCreated("r2")),
    (3_300, AudioDelta(audio(100), "r2", "i2")),
    (3_310, ResponseDone("r2", COMPLETED)),
)


def test_the_first_word_of_the_caller_stops_a_response_that_was_fully_sent() -> None:
    both = Both()
    both.receive((1_600, SpeechStarted("u2")), *ANSWER)
    outcome, record = both.end()
    assert outcome is BargeIn.STOPPED
    assert record.kind is TurnKind.BARGE_IN
    assert record.fault is None
    assert (stop_ms(record), record.at.barge_in_ack_ns) == (100, 1_600 * MS)
    assert record.at.first_audible_ns == 3_300 * MS
    assert both.cuts == [Truncate("i1", 600)]
    old = both.old.record(0)
    assert old.at.playout_end_ns == 1_600 * MS
    assert old.counts.samples_unheard == 1_400 * 24


@pytest.mark.parametrize("cancel_first", [True, False])
@pytest.mark.parametrize("name", ["r1", ""])
def test_a_cancel_and_late_audio_after_it_are_of_the_old_response(
    cancel_first: bool, name: str
) -> None:
    both = Both(name, fully_sent=False)
    words: list[tuple[int, Event]] = [
        (1_600, ResponseDone(name, CANCELLED, "turn_detected")),
        (1_600, SpeechStarted("u2")),
    ]
    answer = [(at, _renamed(event, name)) for at, event in ANSWER]
    late = (1_650, AudioDelta(audio(300), name, "i1"))
    both.receive(*(words if cancel_first else reversed(words)), late, *answer)
    outcome, record = both.end()
    assert (outcome, stop_ms(record)) == (BargeIn.STOPPED, 100)
    assert record.at.first_audible_ns == 3_300 * MS
    assert both.cuts == [Truncate("i1", 600)]
    assert both.old.record(0).counts.samples_unheard == (1_400 + 300) * 24


def _renamed(event: Event, name: str) -> Event:
    """Take the names away where the old response has none."""
    if name:
        return event
    match event:
        case ResponseCreated():
            return ResponseCreated()
        case AudioDelta():
            return AudioDelta(event.audio)
        case ResponseDone():
            return ResponseDone("", event.status)
    return event


def test_a_server_that_never_takes_note_is_deaf_and_leaves_no_number() -> None:
    both = Both()
    outcome, record = both.end()
    assert outcome is BargeIn.DEAF
    assert record.kind is TurnKind.BARGE_IN
    assert stop_ms(record) is None
    assert record.at.barge_in_ack_ns is None
    assert record.at.talked_over_ns == 3_000 * MS
    assert record.fault is not None
    assert both.old.record(0).counts.samples_unheard == 0


def test_a_deaf_server_that_answers_all_the_same_has_a_fault_that_says_so() -> None:
    both = Both()
    answer = [(at + 700, event) for at, event in ANSWER[2:]]
    both.receive(*answer)
    outcome, record = both.end()
    assert outcome is BargeIn.DEAF
    assert record.at.first_audible_ns == 4_000 * MS
    assert record.fault is not None
    assert record.fault.code == "deaf"
    assert "1500 ms" in record.fault.detail


def test_a_server_that_tells_nothing_stops_by_its_next_response() -> None:
    both = Both()
    both.receive(*ANSWER[2:])
    outcome, record = both.end()
    assert outcome is BargeIn.STOPPED
    assert record.at.barge_in_ack_ns is None
    assert stop_ms(record) == 2_920 - 1_500


def test_a_server_without_any_events_stops_by_falling_silent() -> None:
    both = Both()
    both.old = turn(0, 0, 500)
    both.old.receive(AudioDelta(audio(600)), 1_000 * MS)
    both.between = Interruption(both.old, both.new)
    both.receive((1_550, AudioDelta(audio(100))), (2_900, AudioDelta(audio(100))))
    outcome, record = both.end()
    assert (outcome, stop_ms(record)) == (BargeIn.STOPPED, 200)
    assert record.at.first_audible_ns == 2_900 * MS


def test_a_response_that_was_all_sent_before_the_caller_began_does_not_stop_by_its_end() -> None:
    both = Both()
    both.old = turn(0, 0, 500)
    both.old.receive(AudioDelta(audio(700)), 1_000 * MS)
    both.between = Interruption(both.old, both.new)
    both.receive((2_900, AudioDelta(audio(100))))
    outcome, record = both.end()
    assert (outcome, record.at.talked_over_ns) == (BargeIn.DEAF, 1_700 * MS)


def test_a_response_that_ends_before_the_server_can_have_heard_is_no_stop() -> None:
    both = Both()
    both.receive((3_050, SpeechStarted("u2")))
    outcome, record = both.end()
    assert outcome is BargeIn.ENDED_FIRST
    assert (stop_ms(record), record.at.talked_over_ns) == (None, None)
    assert record.at.barge_in_ack_ns == 3_050 * MS
    assert both.cuts == []


def test_a_response_that_ends_before_the_first_word_was_not_interrupted() -> None:
    both = Both()
    both.new = turn(1, 3_100, 4_000)
    both.between = Interruption(both.old, both.new)
    both.receive((3_200, SpeechStarted("u2")))
    outcome, record = both.end()
    assert outcome is BargeIn.MISSED
    assert record.kind is TurnKind.LATER
    assert record.at.barge_in_onset_ns is None


def test_a_session_that_breaks_while_both_speak_does_not_know() -> None:
    both = Both()
    outcome, record = both.end(1_550, cut=True)
    assert outcome is BargeIn.CUT
    assert (record.at.audio_stopped_ns, record.at.talked_over_ns) == (None, None)
    assert record.fault is not None


def test_our_own_lateness_is_not_charged_to_the_server() -> None:
    both = Both()
    both.new.sending.note(1_580 * MS, 60 * MS, frames=1, samples=480, ends_speech=False)
    both.receive((1_650, SpeechStarted("u2")), *ANSWER)
    outcome, record = both.end()
    assert outcome is BargeIn.STOPPED
    assert stop_ms(record) is None
    assert record.fault is not None
    assert record.fault.code == "late_interruption"


def test_a_second_response_of_the_old_turn_is_not_the_answer() -> None:
    both = Both()
    both.receive((1_520, ResponseCreated("r1b")), (1_540, AudioDelta(audio(50), "r1b")))
    both.receive((1_600, SpeechStarted("u2")), *ANSWER)
    _, record = both.end()
    assert record.at.first_audible_ns == 3_300 * MS
    assert "r1b" in both.old.ids.seen


def test_without_names_what_follows_the_servers_decision_is_the_answer() -> None:
    both = Both("", fully_sent=False)
    both.receive((1_600, SpeechStarted()), (1_700, AudioDelta(audio(100))))
    both.receive((2_000, SpeechStopped()), (2_100, AudioDelta(audio(100))))
    _, record = both.end()
    assert record.at.first_audible_ns == 2_100 * MS, "too early, but said to this caller"
    assert both.old.record(0).counts.samples_received == 2_100 * 24


RESPONSES = st.sampled_from(["", "r1", "r2", "r3"])
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(SpeechStarted),
    st.builds(SpeechStopped),
    st.builds(InputCommitted),
    st.builds(ResponseCreated, RESPONSES),
    st.builds(AudioDelta, st.sampled_from([audio(40), audio(900)]), RESPONSES),
    st.builds(TextDelta, RESPONSES),
    st.builds(ToolCall, st.just("c"), st.just("f"), st.just("{}"), RESPONSES),
    st.builds(ResponseDone, RESPONSES, st.sampled_from(ResponseStatus)),
    st.builds(Notice, st.just("x")),
)


@settings(max_examples=200)
@given(
    st.sampled_from(["", "r1"]),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 700), EVENTS), max_size=20),
    st.booleans(),
)
def test_whatever_comes_nothing_is_counted_twice_and_the_instants_agree(
    name: str, fully_sent: bool, events: list[tuple[int, Event]], cut: bool
) -> None:
    both, now_ms = Both(name, fully_sent=fully_sent), 1_450
    delivered = 2_000 * 24
    for gap_ms, event in events:
        now_ms += gap_ms
        both.receive((now_ms, event))
        delivered += 0 if not isinstance(event, AudioDelta) else len(event.audio) * 3 // 8
    outcome, record = both.end(now_ms + 10, cut=cut)
    old = both.old.record(0)
    counted = old.counts.samples_received + record.counts.samples_received
    # What comes late of a response that the new turn knows to be gone is not counted at all.
    assert counted <= delivered
    at = record.at
    if outcome is BargeIn.MISSED:
        assert at.barge_in_onset_ns is None
        return
    assert at.barge_in_onset_ns == at.speech_onset_ns
    assert (at.talked_over_ns is not None) == (outcome is BargeIn.DEAF)
    if outcome is not BargeIn.STOPPED:
        assert at.audio_stopped_ns is None
        assert record.fault is not None
    if at.audio_stopped_ns is not None and at.barge_in_ack_ns is not None:
        assert at.audio_stopped_ns <= max(at.barge_in_ack_ns, 1_500 * MS)
    assert len(both.cuts) <= 1


@pytest.mark.parametrize(
    ("stop", "at_ms", "resumed_ms"),
    [
        (PlaybackCleared(), 1_900, 1_900),
        # The caller has ended: it is the answer.
        (PlaybackCleared(), 2_600, None),
        # What a server sent before it heard the caller may come after its report of that.
        (SpeechStarted(), 1_900, None),
    ],
)
def test_more_of_a_response_that_was_taken_back_is_noted_while_the_caller_speaks(
    stop: Event, at_ms: int, resumed_ms: int | None
) -> None:
    both = Both("", fully_sent=False)
    both.receive((1_600, stop), (at_ms, AudioDelta(audio(100))))
    outcome, record = both.end()
    assert outcome is BargeIn.STOPPED
    resumed_ns = record.at.response_resumed_ns
    assert resumed_ns == (None if resumed_ms is None else resumed_ms * MS)


def behind_a_carrier(sent_ms: int = 1_000) -> Both:
    """Return the same behind a carrier: nothing has a name, and what was sent plays on."""
    both = Both()
    both.old = turn(0, 0, 500)
    both.old.receive(AudioDelta(audio(2_000)), sent_ms * MS)
    both.between = Interruption(both.old, both.new, queued=True)
    return both


def test_behind_a_carrier_an_answer_is_heard_after_what_nobody_took_back() -> None:
    both = behind_a_carrier()
    both.receive((2_600, AudioDelta(audio(100))), (2_700, AudioDelta(audio(100))))
    outcome, record = both.end()
    assert outcome is BargeIn.DEAF
    assert record.at.talked_over_ns == 3_000 * MS
    assert record.at.first_audio_ns == 2_600 * MS
    assert record.at.first_audible_ns == 3_000 * MS
    assert record.at.playout_end_ns == 3_200 * MS
    assert both.old.record(0).counts.samples_unheard == 0


def test_behind_a_carrier_an_answer_to_what_was_taken_back_is_heard_at_once() -> None:
    both = behind_a_carrier()
    both.receive((1_600, PlaybackCleared()), (2_600, AudioDelta(audio(100))))
    outcome, record = both.end()
    assert (outcome, stop_ms(record)) == (BargeIn.STOPPED, 100)
    assert record.at.first_audible_ns == 2_600 * MS


def test_behind_a_carrier_an_answer_after_the_old_one_was_played_is_heard_at_once() -> None:
    both = behind_a_carrier()
    both.receive((3_400, AudioDelta(audio(100))))
    outcome, record = both.end()
    assert outcome is BargeIn.DEAF
    assert record.at.first_audible_ns == 3_400 * MS


def test_silence_that_goes_on_after_a_response_is_no_response_that_was_stopped() -> None:
    both = Both()
    both.old = turn(0, 0, 500)
    both.old.receive(AudioDelta(audio(1_000)), 1_000 * MS)
    both.between = Interruption(both.old, both.new)
    silence = AudioDelta(base64.b64encode(bytes(2 * RATE_HZ * 20 // 1000)))
    both.receive((1_700, silence), (2_100, silence), (2_200, silence))
    outcome, record = both.end()
    assert outcome is BargeIn.DEAF
    assert stop_ms(record) is None
