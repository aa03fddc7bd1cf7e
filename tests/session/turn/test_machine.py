"""The turn engine against every order of events that has been seen, and some that have not."""

import base64

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.dialects.base64_audio import Base64Audio
from harness.errors import Fault, Party, Phase
from harness.model import (
    EXACT,
    AudioDelta,
    AudioFormat,
    Event,
    InputCommitted,
    Notice,
    ProviderError,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    SessionCreated,
    SpeechStarted,
    SpeechStopped,
    StampBound,
    TextDelta,
    TokensReported,
    TokenUsage,
    ToolCall,
    Truncate,
    TurnKind,
    TurnRecord,
    TurnStatus,
)
from harness.session import PlannedSpeech, ResponseState, Turn
from harness.session.turn.barge_in import BargeInEffect
from harness.session.turn.server_habits import ServerHabits

MS = 1_000_000
RATE_HZ = 24_000
END_MS = 10_000


def audio(ms: int = 100, *, silent: bool = False) -> bytes:
    samples = np.zeros(RATE_HZ * ms // 1000, dtype="<i2")
    if not silent:
        samples[:] = 6_000
        samples[1::2] = -6_000
    return base64.b64encode(samples.tobytes())


def delta(ms: int = 100, *, response: str = "r1", silent: bool = False) -> AudioDelta:
    return AudioDelta(audio(ms, silent=silent), response, "i1")


def done(
    status: ResponseStatus = ResponseStatus.COMPLETED, response: str = "r1", code: str = ""
) -> ResponseDone:
    return ResponseDone(response, status, code, "words", TokenUsage(output_audio=5))


def new_turn(stale: frozenset[str] = frozenset(), **habits: bool) -> Turn:
    spoken = PlannedSpeech(
        session_id="s",
        turn_index=1,
        network="none",
        utterance_id="u",
        onset_ns=8_000 * MS,
        end_ns=END_MS * MS,
        end_sample=240_000,
        end_due_ns=(END_MS + 7) * MS,
        limit_ns=5_000 * MS,
    )
    turn = Turn(
        spoken,
        audio=AudioFormat(rate_hz=RATE_HZ),
        new_decoder=Base64Audio,
        stale=stale,
        before={},
        habits=ServerHabits(**{"reports_end": False, **habits}),
    )
    turn.sending.note((END_MS + 7) * MS, 0, frames=1, samples=480, ends_speech=True)
    return turn


def feed(turn: Turn, *events: tuple[int, Event]) -> None:
    """Feed events at milliseconds after speech end."""
    for at_ms, event in events:
        turn.receive(event, (END_MS + at_ms) * MS)


def play(turn: Turn, *events: tuple[int, Event]) -> TurnRecord:
    """Feed events at milliseconds after speech end and record."""
    feed(turn, *events)
    return turn.record(0)


def latency_ms(record: TurnRecord) -> float | None:
    at = record.at
    if at.first_audible_ns is None or at.speech_end_ns is None:
        return None
    return (at.first_audible_ns - at.speech_end_ns) / MS


CAPTURED = (
    (520, SpeechStopped("u1", 9_900)),
    (520, InputCommitted("u1")),
    (521, ResponseCreated("r1")),
    (1_180, TextDelta("r1")),
    (1_200, delta()),
    (1_210, delta()),
    (1_220, done()),
)


def test_the_captured_order_gives_every_instant() -> None:
    record = play(new_turn(), *CAPTURED)
    assert record.status is TurnStatus.COMPLETED
    assert latency_ms(record) == 1_200
    at = record.at
    assert at.server_endpoint_ns == (END_MS + 520) * MS
    assert at.response_created_ns == (END_MS + 521) * MS
    assert at.first_text_ns == (END_MS + 1_180) * MS
    assert at.last_audio_ns == (END_MS + 1_210) * MS
    assert at.playout_end_ns == (END_MS + 1_400) * MS
    assert record.provider_ids == {"item": "u1", "response": "r1"}
    assert record.usage == TokenUsage(output_audio=5)


def test_audio_alone_is_enough() -> None:
    turn = new_turn()
    record = play(turn, (900, AudioDelta(audio())), (950, AudioDelta(audio())))
    assert record.status is TurnStatus.COMPLETED
    assert latency_ms(record) == 900
    assert record.at.server_endpoint_ns is None
    assert not turn.ended((END_MS + 1_200) * MS)
    assert turn.ended((END_MS + 1_100 + 15_000) * MS)


def test_leading_silence_is_not_heard() -> None:
    record = play(new_turn(), (1_000, delta(300, silent=True)), (1_010, delta()), (1_020, done()))
    assert record.at.first_audio_ns == (END_MS + 1_000) * MS
    heard_ms = latency_ms(record)
    assert heard_ms is not None
    assert abs(heard_ms - 1_300) < 1


def test_silence_that_arrives_late_is_heard_late() -> None:
    late = play(new_turn(), (1_000, delta(100, silent=True)), (1_500, delta()), (1_510, done()))
    heard_ms = latency_ms(late)
    assert heard_ms is not None
    assert abs(heard_ms - 1_500) < 1


def test_only_the_last_endpoint_before_the_response_counts() -> None:
    record = play(
        new_turn(),
        (-1_500, SpeechStopped("u0")),
        (-1_200, SpeechStarted("u1")),
        (530, SpeechStopped("u1")),
        (1_000, ResponseCreated("r1")),
        (1_100, delta()),
        (1_150, SpeechStopped("u2")),
    )
    assert record.at.server_endpoint_ns == (END_MS + 530) * MS


def test_a_response_before_the_end_is_premature_and_signed() -> None:
    record = play(new_turn(), (-400, ResponseCreated("r1")), (-300, delta()), (-290, done()))
    assert record.status is TurnStatus.PREMATURE
    assert latency_ms(record) == -300


def test_late_deltas_of_an_earlier_response_are_dropped() -> None:
    turn = new_turn(stale=frozenset({"r0"}))
    record = play(turn, (10, delta(response="r0")), *CAPTURED, (1_300, done(response="r0")))
    assert latency_ms(record) == 1_200


def test_a_cancelled_response_leaves_the_turn_waiting_for_the_next() -> None:
    turn = new_turn()
    record = play(
        turn,
        (500, ResponseCreated("r1")),
        (600, done(ResponseStatus.CANCELLED, code="turn_detected")),
        (900, ResponseCreated("r2")),
        (1_700, delta(response="r2")),
        (1_750, done(response="r2")),
    )
    assert record.status is TurnStatus.COMPLETED
    assert latency_ms(record) == 1_700


def test_done_before_created_is_still_the_end() -> None:
    turn = new_turn()
    record = play(turn, (500, done(ResponseStatus.FAILED, code="server_error")))
    assert record.status is TurnStatus.FAILED
    assert turn.ended((END_MS + 501) * MS)


def test_a_failed_response_is_a_failed_turn_not_silence() -> None:
    events = (
        (520, SpeechStopped("u1")),
        (521, ResponseCreated("r1")),
        (530, done(ResponseStatus.FAILED, code="rate_limit_exceeded")),
    )
    record = play(new_turn(), *events)
    assert record.status is TurnStatus.FAILED
    assert record.fault is not None
    assert (record.fault.party, record.fault.code) == (Party.THEIRS, "rate_limit_exceeded")
    assert latency_ms(record) is None


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((), TurnStatus.NO_REPLY),
        (((500, SpeechStopped("u1")),), TurnStatus.NO_REPLY),
        (((500, ResponseCreated("r1")),), TurnStatus.TIMEOUT),
        (((500, ResponseCreated("r1")), (700, delta(silent=True))), TurnStatus.TIMEOUT),
        (((500, ResponseCreated("r1")), (600, done())), TurnStatus.NO_REPLY),
    ],
)
def test_what_is_not_heard_is_never_a_number(
    events: tuple[tuple[int, Event], ...], status: TurnStatus
) -> None:
    turn = new_turn()
    record = play(turn, *events)
    assert turn.ended((END_MS + 5_000) * MS)
    assert record.status is status
    assert record.at.first_audible_ns is None
    assert record.fault is not None


def test_tokens_that_only_some_responses_told_are_not_all_of_the_turn() -> None:
    untold = ResponseDone("r1", ResponseStatus.COMPLETED)
    told = play(
        new_turn(),
        (500, ResponseCreated("r1")),
        (510, delta()),
        (600, untold),
        (900, ResponseCreated("r2")),
        (910, delta(response="r2")),
        (950, done(response="r2")),
    )
    assert (told.usage, told.responses_untold) == (TokenUsage(output_audio=5), 1)
    twice = play(new_turn(), (500, ResponseCreated("r1")), (600, done()), (601, done()))
    assert (twice.usage, twice.responses_untold) == (TokenUsage(output_audio=5), 0)
    reported = play(
        new_turn(), (510, delta()), (600, untold), (610, TokensReported("r1", TokenUsage()))
    )
    assert (reported.usage, reported.responses_untold) == (TokenUsage(), 0)


def test_an_error_event_is_not_the_end_but_explains_it() -> None:
    record = play(new_turn(), (100, ProviderError("server_error", "try later")), *CAPTURED)
    assert record.status is TurnStatus.COMPLETED
    silent = play(new_turn(), (100, ProviderError("server_error", "try later")))
    assert silent.fault is not None
    assert "server_error" in silent.fault.detail


def test_our_own_lateness_voids_the_turn() -> None:
    turn = new_turn()
    turn.sending.note((END_MS + 7 + 26) * MS, 26 * MS, frames=1, samples=480, ends_speech=True)
    record = play(turn, *CAPTURED)
    assert record.status is TurnStatus.VOID
    assert record.fault is not None
    assert record.fault.party is Party.OURS
    assert record.send_lateness_max_ns == 26 * MS
    assert record.endpoint_lateness_ns == 26 * MS


def test_a_lateness_within_the_limit_counts_and_one_beyond_it_does_not() -> None:
    found = []
    for late_ms in (10, 11):
        turn, now_ns = new_turn(), (END_MS + 7 + late_ms) * MS
        turn.sending.note(now_ns, late_ms * MS, frames=1, samples=480, ends_speech=True)
        found.append(play(turn, *CAPTURED).status)
    assert found == [TurnStatus.COMPLETED, TurnStatus.VOID]


def test_a_turn_states_how_far_the_stamp_of_its_first_sound_may_be_off() -> None:
    turn = new_turn()
    turn.receive(ResponseCreated("r1"), (END_MS + 900) * MS, StampBound(9 * MS, 0))
    turn.receive(delta(100, silent=True), (END_MS + 1_000) * MS, StampBound(2 * MS, 1 * MS))
    # Its silence is still played when the sound arrives, so that it does not matter when.
    turn.receive(delta(), (END_MS + 1_050) * MS, StampBound(8 * MS, 0))
    record = turn.record(0)
    assert (record.arrival_uncertainty_ns, record.processing_delay_ns) == (2 * MS, 1 * MS)
    assert record.error_bound_ns == 3 * MS
    assert play(new_turn(), *CAPTURED).arrival_uncertainty_ns is None


def test_a_stamp_that_may_be_too_far_off_voids_the_turn() -> None:
    for bound, status in (
        (StampBound(10 * MS, 0), TurnStatus.COMPLETED),
        (StampBound(9 * MS, 2 * MS), TurnStatus.VOID),
    ):
        turn = new_turn()
        turn.receive(ResponseCreated("r1"), (END_MS + 900) * MS, bound)
        turn.receive(delta(), (END_MS + 1_000) * MS, bound)
        turn.receive(done(), (END_MS + 1_010) * MS, bound)
        assert turn.record(0).status is status


def test_the_stamp_of_what_nobody_heard_is_forgotten_with_it() -> None:
    turn = new_turn()
    turn.receive(ResponseCreated("r1"), (END_MS + 900) * MS, EXACT)
    turn.receive(delta(100), (END_MS + 1_000) * MS, StampBound(8 * MS, 0))
    turn.interrupt((END_MS + 1_000) * MS, for_good=False)
    turn.receive(ResponseCreated("r2"), (END_MS + 1_100) * MS, EXACT)
    turn.receive(delta(response="r2"), (END_MS + 1_200) * MS, EXACT)
    record = turn.record(0)
    assert (record.arrival_uncertainty_ns, record.processing_delay_ns) == (0, 0)


def test_a_turn_cut_off_says_by_whom() -> None:
    theirs = new_turn().record(0, Fault(Party.THEIRS, Phase.RESPONSE, "close_1011"))
    ours = new_turn().record(0, Fault(Party.OURS, Phase.RESPONSE, "stopped"))
    assert (theirs.status, ours.status) == (TurnStatus.CLOSED, TurnStatus.VOID)


def test_audio_that_is_no_base64_is_not_heard() -> None:
    record = play(new_turn(), (500, ResponseCreated("r1")), (600, AudioDelta(b"!!!", "r1")))
    assert record.at.first_audible_ns is None


def test_the_turn_lasts_until_the_response_has_been_heard() -> None:
    turn = new_turn()
    feed(turn, *CAPTURED)
    assert not turn.ended((END_MS + 1_399) * MS)
    assert turn.ended((END_MS + 1_400) * MS)


def at_ms(record: TurnRecord, name: str) -> float | None:
    """An instant in milliseconds after speech end."""
    instant: int | None = getattr(record.at, name)
    return None if instant is None else instant / MS - END_MS


def test_several_pairs_in_one_utterance_and_only_the_last_is_answered() -> None:
    record = play(
        new_turn(),
        (-1_900, SpeechStarted()),
        (-1_500, SpeechStopped()),
        (-1_300, SpeechStarted()),
        (-700, SpeechStopped()),
        (-500, SpeechStarted()),
        (420, SpeechStopped()),
        (900, AudioDelta(audio())),
        (910, ResponseDone("", ResponseStatus.COMPLETED)),
    )
    assert record.status is TurnStatus.COMPLETED
    assert (at_ms(record, "server_endpoint_ns"), latency_ms(record)) == (420, 900)


def test_a_decision_that_was_withdrawn_is_no_endpoint() -> None:
    record = play(new_turn(), (-700, SpeechStopped()), (-500, SpeechStarted()), (900, delta()))
    assert at_ms(record, "server_endpoint_ns") is None


@pytest.mark.parametrize("cancel_first", [True, False])
@pytest.mark.parametrize("ids", [("r1", "r2"), ("", "")])
def test_a_response_begun_in_a_pause_and_cancelled_unheard_leaves_no_trace(
    cancel_first: bool, ids: tuple[str, str]
) -> None:
    first, second = ids
    cancelled = done(ResponseStatus.CANCELLED, first, "turn_detected")
    middle: list[tuple[int, Event]] = [(-500, cancelled), (-500, SpeechStarted())]
    record = play(
        new_turn(),
        (-900, SpeechStopped("u1")),
        (-890, ResponseCreated(first)),
        (-880, TextDelta(first)),
        (-600, delta(20, response=first, silent=True)),
        *(middle if cancel_first else reversed(middle)),
        (-490, delta(response=first)),
        (520, SpeechStopped("u2")),
        (530, ResponseCreated(second)),
        (1_000, delta(response=second)),
        (1_010, done(response=second)),
    )
    assert record.status is TurnStatus.COMPLETED
    assert latency_ms(record) == 1_000
    assert at_ms(record, "first_audio_ns") == 1_000
    assert at_ms(record, "server_endpoint_ns") == 520
    assert at_ms(record, "response_created_ns") == 530
    assert record.at.first_text_ns is None
    assert record.provider_ids.get("response", "") == second
    # The late delta: 100 ms delivered, never heard.
    assert record.counts.samples_unheard == RATE_HZ // 10
    assert record.counts.audio_deltas == 3


def test_a_premature_response_that_was_heard_stays_premature_though_the_real_one_follows() -> None:
    turn = new_turn()
    record = play(
        turn,
        (-610, SpeechStopped("u1")),
        (-600, ResponseCreated("r1")),
        (-500, delta(2_000)),
        (-300, SpeechStarted("u2")),
        (-290, done(ResponseStatus.CANCELLED, code="turn_detected")),
        (500, SpeechStopped("u2")),
        (510, ResponseCreated("r2")),
        (900, delta(response="r2")),
        (910, done(response="r2")),
    )
    assert record.status is TurnStatus.PREMATURE
    assert latency_ms(record) == -500
    assert record.provider_ids["response"] == "r1"
    assert record.counts.samples_unheard == 2_000 * 24 - 210 * 24
    assert at_ms(record, "playout_end_ns") == 1_000
    assert [gap.count for gap in record.counts.underruns] == [0, 0, 0]


def test_after_a_premature_response_the_caller_waits_for_the_real_one() -> None:
    turn = new_turn()
    events = ((-500, delta(2_000)), (-290, done(ResponseStatus.CANCELLED)))
    feed(turn, *events)
    assert not turn.ended((END_MS + 4_999) * MS)
    assert turn.ended((END_MS + 5_000) * MS)


def test_a_response_dropped_without_a_word_is_not_the_one_that_is_measured() -> None:
    record = play(
        new_turn(),
        (-800, SpeechStopped()),
        (-790, ResponseCreated("r1")),
        (-600, SpeechStarted()),
        (500, SpeechStopped()),
        (510, ResponseCreated("r2")),
        (900, delta(response="r2")),
        (950, done(response="r2")),
    )
    assert (at_ms(record, "server_endpoint_ns"), at_ms(record, "response_created_ns")) == (500, 510)
    assert record.provider_ids["response"] == "r2"


def test_a_server_that_hears_the_caller_go_on_is_waiting_for_the_end_again() -> None:
    turn = new_turn()
    feed(turn, (-800, SpeechStopped()), (-790, ResponseCreated("r1")), (-600, SpeechStarted()))
    assert turn.phase() is Phase.ENDPOINT


def test_a_response_cancelled_in_its_leading_silence_was_not_heard() -> None:
    record = play(
        new_turn(),
        (-800, ResponseCreated("r1")),
        (-700, delta(500, silent=True)),
        (-690, delta(300)),
        (-400, done(ResponseStatus.CANCELLED, code="turn_detected")),
        (700, delta(response="r2")),
        (710, done(response="r2")),
    )
    assert (record.status, latency_ms(record)) == (TurnStatus.COMPLETED, 700)
    assert record.counts.samples_unheard == 500 * 24


def test_speech_started_while_the_response_plays_changes_nothing() -> None:
    turn = new_turn()
    record = play(turn, *CAPTURED, (1_250, SpeechStarted("u9")), (1_300, SpeechStopped("u9")))
    assert (record.status, latency_ms(record)) == (TurnStatus.COMPLETED, 1_200)
    assert at_ms(record, "server_endpoint_ns") == 520
    assert record.provider_ids["item"] == "u1"
    assert turn.ended((END_MS + 1_400) * MS)


def test_a_false_barge_in_that_cancels_the_response_stops_it_and_ends_the_turn() -> None:
    turn = new_turn()
    record = play(
        turn,
        (1_000, ResponseCreated("r1")),
        (1_200, delta(3_000)),
        (1_500, SpeechStarted("u9")),
        (1_510, done(ResponseStatus.CANCELLED, code="turn_detected")),
        (1_520, delta(500)),
    )
    assert (record.status, latency_ms(record)) == (TurnStatus.BROKEN_OFF, 1_200)
    assert record.fault is not None
    assert record.fault.code == "turn_detected"
    assert at_ms(record, "playout_end_ns") == 1_510
    assert record.counts.samples_received == 3_500 * 24
    assert record.counts.samples_unheard == 3_500 * 24 - 310 * 24
    assert not turn.ended((END_MS + 3_509) * MS)
    assert turn.ended((END_MS + 3_510) * MS)


def test_created_after_done_is_the_same_response() -> None:
    turn = new_turn()
    feed(
        turn, (500, done(ResponseStatus.FAILED, code="server_error")), (501, ResponseCreated("r1"))
    )
    assert turn.ended((END_MS + 502) * MS)
    assert turn.record(0).status is TurnStatus.FAILED


def test_audio_after_its_done_is_heard_and_does_not_reopen_the_turn() -> None:
    turn = new_turn()
    record = play(turn, (500, ResponseCreated("r1")), (900, delta()), (905, done()), (910, delta()))
    assert at_ms(record, "playout_end_ns") == 1_100
    assert turn.ended((END_MS + 1_100) * MS)


def test_the_end_of_another_response_does_not_end_this_one() -> None:
    turn = new_turn()
    feed(turn, (500, ResponseCreated("r2")), (600, done(ResponseStatus.FAILED, "other")))
    assert not turn.ended((END_MS + 601) * MS)
    feed(turn, (700, done(ResponseStatus.CANCELLED, response="r0")), (900, delta(response="r2")))
    assert latency_ms(turn.record(0)) == 900


def test_a_silent_response_may_be_followed_by_one_that_speaks() -> None:
    turn = new_turn()
    feed(turn, (500, ResponseCreated("r1")), (510, ToolCall("c", "f", "{}", "r1")), (520, done()))
    assert not turn.ended((END_MS + 600) * MS)
    record = play(
        turn,
        (1_500, ResponseCreated("r2")),
        (1_900, delta(response="r2")),
        (1_950, done(response="r2")),
    )
    assert (record.status, latency_ms(record)) == (TurnStatus.COMPLETED, 1_900)
    assert at_ms(record, "tool_call_ns") == 510
    assert record.provider_ids["response"] == "r2"


def test_two_responses_in_a_turn_are_measured_by_the_first_and_heard_to_the_end() -> None:
    turn = new_turn()
    record = play(
        turn,
        (500, ResponseCreated("r1")),
        (900, delta()),
        (910, done()),
        (1_500, ResponseCreated("r2")),
        (1_800, delta(200, response="r2")),
        (1_810, done(response="r2")),
    )
    assert latency_ms(record) == 900
    assert record.provider_ids["response"] == "r1"
    assert at_ms(record, "response_created_ns") == 500
    assert at_ms(record, "playout_end_ns") == 2_000
    assert [gap.count for gap in record.counts.underruns] == [0, 0, 0]
    assert record.counts.samples_unheard == 0


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (TextDelta("r1"), "text_only"),
        (ToolCall("c", "f", "{}", "r1"), "tool_call"),
        (delta(silent=True), "silent_reply"),
        (ResponseCreated("r1"), "empty_reply"),
    ],
)
def test_a_response_that_cannot_be_heard_says_what_it_was(event: Event, code: str) -> None:
    turn = new_turn()
    record = play(turn, (500, event), (600, done()))
    assert record.status is TurnStatus.NO_REPLY
    assert record.fault is not None
    assert record.fault.code == code
    assert turn.ended((END_MS + 2_600) * MS)


def test_a_greeting_in_flight_is_not_the_answer() -> None:
    turn = new_turn()
    feed(turn, (-1_500, SpeechStarted("u1")), (-1_000, ResponseCreated("g")))
    feed(turn, (-900, delta(500, response="g")), (-800, done(response="g")))
    assert not turn.ended((END_MS + 200) * MS), "the server is about to hear the end"
    record = play(turn, *CAPTURED)
    assert (record.status, latency_ms(record)) == (TurnStatus.COMPLETED, 1_200)
    assert record.at.response_created_ns == (END_MS + 521) * MS
    assert record.provider_ids == {"item": "u1", "response": "r1"}


@pytest.mark.parametrize("begins_ms", [-400, 113, 380, 460])
def test_the_late_answer_to_the_turn_before_is_not_the_answer_to_this_one(begins_ms: int) -> None:
    turn = new_turn(reports_end=True)
    feed(turn, (begins_ms, ResponseCreated("late")), (begins_ms + 5, delta(response="late")))
    feed(turn, (begins_ms + 10, done(response="late")))
    assert turn.answer_ns is None
    record = play(turn, *CAPTURED, (1_230, delta(2_000, response="late")))
    assert (record.status, latency_ms(record)) == (TurnStatus.COMPLETED, 1_200)
    assert record.counts.samples_received == 200 * 24


def test_a_turn_of_which_only_the_late_answer_came_was_not_answered() -> None:
    turn = new_turn(reports_end=True)
    feed(turn, (100, ResponseCreated("late")), (105, delta(response="late")))
    feed(turn, (110, done(response="late")))
    assert not turn.ended((END_MS + 4_999) * MS)
    assert turn.ended((END_MS + 5_000) * MS)
    record = turn.record(0)
    assert (record.status, latency_ms(record)) == (TurnStatus.NO_REPLY, None)


LATE = ((520, SpeechStopped("u1")), (600, ResponseCreated("r0")), (640, delta(response="r0")))
OWN = ((820, ResponseCreated("r1")), (900, delta()), (910, done()))


@pytest.mark.parametrize("owes", [True, False])
def test_of_two_responses_the_first_answers_a_turn_before_that_was_given_up(owes: bool) -> None:
    turn = new_turn(reports_end=True, owes_answer=owes)
    record = play(turn, *LATE, (650, done(response="r0")), *OWN)
    assert (record.status, latency_ms(record)) == (TurnStatus.COMPLETED, 900 if owes else 640)
    assert record.at.server_endpoint_ns is not None


def test_a_response_that_stays_alone_is_the_answer_though_one_was_owed() -> None:
    turn = new_turn(reports_end=True, owes_answer=True)
    feed(turn, *LATE, (650, done(response="r0")))
    assert not turn.ended((END_MS + 1_000) * MS), "another one may follow"
    assert turn.ended((END_MS + 3_000) * MS)
    assert latency_ms(turn.record(0)) == 640


def test_a_server_that_tells_of_the_end_just_after_its_response_has_answered() -> None:
    record = play(
        new_turn(),
        (500, ResponseCreated("r1")),
        (501, SpeechStopped("u1")),
        (900, delta()),
        (910, done()),
    )
    assert (record.status, latency_ms(record)) == (TurnStatus.COMPLETED, 900)


def test_audio_may_come_after_the_word_that_its_response_is_over() -> None:
    turn = new_turn()
    feed(turn, (500, SpeechStopped("u1")), (510, ResponseCreated("r1")), (520, done()))
    record = play(turn, (900, delta()), (950, delta()))
    assert (record.status, latency_ms(record)) == (TurnStatus.COMPLETED, 900)


@pytest.mark.parametrize("status", [ResponseStatus.FAILED, ResponseStatus.INCOMPLETE])
def test_a_response_that_fails_after_its_first_sound_is_broken_off_and_keeps_its_latency(
    status: ResponseStatus,
) -> None:
    record = play(new_turn(), (900, delta()), (910, done(status, code="server_error")))
    assert (record.status, latency_ms(record)) == (TurnStatus.BROKEN_OFF, 900)
    assert record.fault == Fault(Party.THEIRS, Phase.PLAYOUT, "server_error", "words")


CRASH = ProviderError("internal", "the model crashed")


@pytest.mark.parametrize(
    ("events", "reports_done", "code"),
    [
        ([(950, CRASH)], False, "internal"),
        ([], True, "no_end"),
        # Of a server that never reports an end nothing tells a broken response from a whole one.
        ([], False, ""),
        ([(950, CRASH), (960, ResponseCreated("r2")), (970, done(response="r2"))], True, ""),
    ],
)
def test_a_response_whose_end_never_comes_is_broken_off_where_others_had_one_or_an_error_came(
    events: list[tuple[int, Event]], reports_done: bool, code: str
) -> None:
    turn = new_turn(reports_done=reports_done)
    record = play(turn, (500, ResponseCreated("r1")), (900, delta()), *events)
    assert latency_ms(record) == 900
    assert (record.status is TurnStatus.BROKEN_OFF) == bool(code)
    assert (record.fault.code if record.fault else "") == code


@pytest.mark.parametrize("announced", [True, False])
def test_a_response_that_never_ends_is_left(announced: bool) -> None:
    turn = new_turn()
    if announced:
        feed(turn, (500, ResponseCreated("r1")))
    at_ms = 900
    while not turn.ended((END_MS + at_ms) * MS):
        feed(turn, (at_ms, delta(1_000)))
        at_ms += 1_000
        assert at_ms < 100_000
    assert at_ms > 70_000
    record = turn.record(0, now_ns=(END_MS + at_ms) * MS)
    assert latency_ms(record) == 900
    assert (record.status is TurnStatus.BROKEN_OFF) is announced
    assert (record.fault is not None and record.fault.code == "endless") is announced


def test_a_response_that_the_caller_stopped_needs_no_end() -> None:
    turn = new_turn(reports_done=True)
    feed(turn, (500, ResponseCreated("r1")), (900, delta(3_000)))
    turn.interrupt((END_MS + 1_500) * MS)
    record = turn.record(0, now_ns=(END_MS + 2_000) * MS)
    assert record.status is TurnStatus.COMPLETED


def test_a_second_response_does_not_mend_the_one_that_broke_off() -> None:
    record = play(
        new_turn(),
        (900, delta()),
        (950, done(ResponseStatus.FAILED, code="server_error")),
        (1_000, ResponseCreated("r2")),
        (1_400, delta(response="r2")),
        (1_410, done(response="r2")),
    )
    assert (record.status, latency_ms(record)) == (TurnStatus.BROKEN_OFF, 900)


def test_a_response_that_is_cancelled_and_begun_again_is_not_broken_off() -> None:
    record = play(
        new_turn(),
        (500, ResponseCreated("r1")),
        (900, delta()),
        (950, done(ResponseStatus.CANCELLED, code="turn_detected")),
        (1_000, ResponseCreated("r2")),
        (1_400, delta(response="r2")),
        (1_410, done(response="r2")),
    )
    assert (record.status, latency_ms(record)) == (TurnStatus.COMPLETED, 900)


@pytest.mark.parametrize(
    ("party", "over", "status"),
    [
        (Party.THEIRS, False, TurnStatus.BROKEN_OFF),
        (Party.NETWORK, False, TurnStatus.BROKEN_OFF),
        (Party.OURS, False, TurnStatus.COMPLETED),
        (Party.THEIRS, True, TurnStatus.COMPLETED),
    ],
)
def test_a_connection_that_is_lost_breaks_off_a_response_that_was_not_over(
    party: Party, over: bool, status: TurnStatus
) -> None:
    turn = new_turn()
    feed(turn, (500, ResponseCreated("r1")), (900, delta(1_000)))
    if over:
        feed(turn, (910, done()))
    lost = Fault(party, Phase.PLAYOUT, "close_1011")
    record = turn.record(0, lost, now_ns=(END_MS + 1_000) * MS)
    assert (record.status, latency_ms(record), record.fault) == (status, 900, lost)


def test_audio_that_cannot_be_decoded_is_named_as_that_and_never_silent() -> None:
    broken = AudioDelta(b"{no base64}", "r1", "i1")
    for events in ([(500, broken)], [(500, broken), (520, delta())]):
        record = play(new_turn(), *events, (900, done()))
        assert record.status is TurnStatus.FAILED
        assert record.fault is not None
        assert record.fault.code == "undecodable_audio"
        assert record.fault.party is Party.THEIRS
        assert record.at.first_audible_ns is None
    after = play(new_turn(), (500, delta()), (600, broken), (900, done()))
    assert after.status is TurnStatus.COMPLETED


def test_an_incomplete_response_of_which_nothing_was_heard_has_failed() -> None:
    cut = done(ResponseStatus.INCOMPLETE, code="max_output_tokens")
    unheard = play(new_turn(), (900, TextDelta("r1")), (910, cut))
    assert unheard.status is TurnStatus.FAILED
    assert unheard.fault is not None
    assert unheard.fault.code == "max_output_tokens"


def test_an_end_that_comes_while_the_caller_speaks_ends_nothing() -> None:
    turn = new_turn()
    feed(turn, (-900, done(response="")), (-800, done(ResponseStatus.FAILED, response="old")))
    assert not turn.ended((END_MS + 100) * MS)
    record = play(turn, (700, delta()), (710, done()))
    assert (record.status, latency_ms(record)) == (TurnStatus.COMPLETED, 700)


def test_a_server_that_sends_silence_for_ever_is_heard_out() -> None:
    turn = new_turn()
    for at in range(-1_000, 6_000, 100):
        turn.receive(AudioDelta(audio(silent=not 800 <= at < 1_500)), (END_MS + at) * MS)
        ended = turn.ended((END_MS + at) * MS)
        assert ended == (at >= 3_500)
        if ended:
            break
    record = turn.record(0)
    assert (record.status, latency_ms(record)) == (TurnStatus.COMPLETED, 800)


def test_what_is_still_to_be_played_when_the_caller_leaves_was_not_heard() -> None:
    turn = new_turn()
    feed(turn, (900, delta(1_000)), (910, done()))
    fault = Fault(Party.OURS, Phase.PLAYOUT, "stopped")
    record = turn.record(0, fault, now_ns=(END_MS + 1_150) * MS)
    assert record.counts.samples_unheard == 750 * 24
    assert turn.record(0, fault).counts.samples_unheard == 0


def test_a_caller_who_interrupts_hears_no_more_of_it() -> None:
    turn = new_turn()
    feed(turn, (900, ResponseCreated("r1")), (900, delta(1_000)))
    turn.interrupt((END_MS + 1_100) * MS)
    record = play(turn, (1_150, delta(1_000)))
    assert (record.status, latency_ms(record)) == (TurnStatus.COMPLETED, 900)
    assert at_ms(record, "playout_end_ns") == 1_100
    assert record.counts.samples_unheard == 1_800 * 24


def test_an_interruption_says_how_much_of_which_item_was_heard() -> None:
    turn = new_turn()
    feed(turn, (900, ResponseCreated("r1")), (900, delta(1_000)))
    feed(turn, (910, AudioDelta(audio(1_000), "r1", "i2")))
    assert turn.interrupt((END_MS + 2_150) * MS) == Truncate("i2", 250)
    assert turn.interrupt((END_MS + 2_200) * MS) is None, "nothing more was cut off"
    played = new_turn()
    feed(played, (900, delta(100)))
    assert played.interrupt((END_MS + 1_100) * MS) is None


def test_a_response_may_follow_one_that_was_stopped_for_the_time_being() -> None:
    turn = new_turn()
    feed(turn, (900, ResponseCreated("r1")), (900, delta(1_000)), (905, done()))
    turn.interrupt((END_MS + 1_100) * MS, for_good=False)
    assert not turn.ended((END_MS + 1_200) * MS)
    record = play(
        turn,
        (1_150, delta(500)),
        (1_700, ResponseCreated("r2")),
        (1_800, delta(100, response="r2")),
    )
    assert at_ms(record, "playout_end_ns") == 1_900
    assert record.counts.samples_unheard == (800 + 500) * 24
    assert latency_ms(record) == 900


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        ((), TurnStatus.TIMEOUT, "no_answer"),
        (((1_500, ResponseCreated("r2")),), TurnStatus.TIMEOUT, "timeout"),
        (
            ((1_500, ResponseCreated("r2")), (1_600, done(response="r2"))),
            TurnStatus.NO_REPLY,
            "no_answer",
        ),
        (
            (
                (1_500, ResponseCreated("r2")),
                (1_510, done(ResponseStatus.FAILED, "r2", "server_error")),
            ),
            TurnStatus.FAILED,
            "server_error",
        ),
    ],
)
@pytest.mark.parametrize("preamble", [False, True])
def test_what_is_said_before_a_tool_call_completes_no_turn(
    preamble: bool, answer: tuple[tuple[int, Event], ...], status: TurnStatus, code: str
) -> None:
    turn = new_turn()
    feed(turn, (500, ResponseCreated("r1")))
    if preamble:
        feed(turn, (600, delta(200)))
    feed(turn, (700, ToolCall("c", "f", "{}", "r1")))
    turn.tools.expect_answer()
    feed(turn, (710, done()))
    assert not turn.ended((END_MS + 4_999) * MS)
    turn.tool_result_sent((END_MS + 1_000) * MS)
    feed(turn, *answer)
    # The answer has its whole time from when the caller's own tool had its result.
    assert turn.ended((END_MS + 6_000) * MS)
    record = turn.record(0)
    assert record.fault is not None
    assert (record.status, record.fault.code) == (status, code)
    assert record.kind is TurnKind.TOOL
    assert (record.at.first_audible_ns is not None) == preamble


def test_a_long_word_before_the_call_is_heard_out_though_no_answer_comes() -> None:
    turn = new_turn()
    feed(turn, (500, ResponseCreated("r1")), (600, delta(9_000)))
    feed(turn, (700, ToolCall("c", "f", "{}", "r1")), (710, done()))
    turn.tools.expect_answer()
    assert not turn.ended((END_MS + 9_599) * MS)
    assert turn.ended((END_MS + 9_600) * MS)


def test_an_answer_that_is_cancelled_before_it_is_heard_is_none() -> None:
    turn = new_turn()
    feed(turn, (500, ResponseCreated("r1")), (600, delta(2_000)))
    feed(turn, (700, ToolCall("c", "f", "{}", "r1")), (710, done()))
    turn.tools.expect_answer()
    turn.tool_result_sent((END_MS + 1_000) * MS)
    cancelled = done(ResponseStatus.CANCELLED, "r2")
    feed(turn, (1_200, ResponseCreated("r2")), (1_300, delta(response="r2")), (1_400, cancelled))
    record = play(turn, (2_000, ResponseCreated("r3")), (2_500, delta(response="r3")))
    assert at_ms(record, "answer_audible_ns") == 2_500


@pytest.mark.parametrize("named", [True, False])
def test_an_answer_is_known_by_its_place_where_a_server_names_and_announces_nothing(
    named: bool,
) -> None:
    turn = new_turn()
    one, two = ("r1", "r2") if named else ("", "")
    feed(turn, (600, AudioDelta(audio(200), one)), (700, ToolCall("c", "f", "{}", one)))
    turn.tools.expect_answer()
    feed(turn, (710, ResponseDone(one, ResponseStatus.COMPLETED)))
    turn.tool_result_sent((END_MS + 1_000) * MS)
    record = play(turn, (1_700, AudioDelta(audio(100), two)))
    assert record.status is TurnStatus.COMPLETED
    assert (at_ms(record, "first_audible_ns"), at_ms(record, "answer_audible_ns")) == (600, 1_700)


def test_an_onset_that_cannot_be_told_is_no_number() -> None:
    rng = np.random.default_rng(5)
    response = rng.normal(0, 400, RATE_HZ)
    response[RATE_HZ // 2 :] *= 20
    encoded = base64.b64encode(response.clip(-32_000, 32_000).astype("<i2").tobytes())
    record = play(new_turn(), (900, AudioDelta(encoded, "r1")), (910, done()))
    assert record.status is TurnStatus.VOID
    assert record.at.first_audible_ns is None
    assert record.fault is not None
    assert (record.fault.party, record.fault.code) == (Party.OURS, "onset_unknown")


def test_a_fall_silent_in_the_middle_is_an_underrun_in_every_buffer_it_outlasts() -> None:
    record = play(new_turn(), (900, delta()), (1_100, delta()), (1_110, done()))
    assert [(gap.buffer_ms, gap.count) for gap in record.counts.underruns] == [
        (20, 1),
        (60, 1),
        (200, 0),
    ]


RESPONSES = st.sampled_from(["", "r0", "r1", "r2", "r3"])
AUDIO = st.sampled_from(
    [audio(20), audio(300), audio(60, silent=True), audio(2_000), b"", b"=", b"!!!", b"AAA"]
)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(SpeechStarted, st.sampled_from(["", "u1"])),
    st.builds(SpeechStopped, st.sampled_from(["", "u1"])),
    st.builds(InputCommitted, st.sampled_from(["", "u1"])),
    st.builds(ResponseCreated, RESPONSES),
    st.builds(AudioDelta, AUDIO, RESPONSES),
    st.builds(AudioDelta, AUDIO, RESPONSES),
    st.builds(TextDelta, RESPONSES),
    st.builds(ToolCall, st.just("c"), st.just("f"), st.just("{}"), RESPONSES),
    st.builds(ResponseDone, RESPONSES, st.sampled_from(ResponseStatus)),
    st.builds(ProviderError, st.just("server_error"), st.just("words")),
    st.builds(Notice, st.just("rate_limits.updated")),
    st.builds(SessionCreated),
    st.builds(SessionConfigured),
)
FAULTS = st.sampled_from(
    [
        None,
        Fault(Party.OURS, Phase.RESPONSE, "stopped"),
        Fault(Party.THEIRS, Phase.RESPONSE, "close_1011"),
        Fault(Party.NETWORK, Phase.RESPONSE, "reset"),
    ]
)


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, 900), EVENTS), max_size=25),
    FAULTS,
    st.booleans(),
    st.none() | st.integers(0, 20_000),
)
def test_whatever_comes_in_whatever_order_the_record_keeps_its_rules(
    events: list[tuple[int, Event]], fault: Fault | None, asked: bool, cut_ms: int | None
) -> None:
    turn, now_ms = new_turn(stale=frozenset({"r0"})), -3_000
    for gap_ms, event in events:
        now_ms += gap_ms
        turn.receive(event, (END_MS + now_ms) * MS)
        if asked:
            turn.ended((END_MS + now_ms) * MS)
    if cut_ms is not None:
        turn.interrupt((END_MS + now_ms + cut_ms) * MS)
    record = turn.record(0, fault, now_ns=(END_MS + now_ms) * MS)
    at, counts = record.at, record.counts
    assert (at.first_audio_ns is None) == (at.last_audio_ns is None)
    assert "r0" not in record.provider_ids.values()
    if at.first_audio_ns is not None and at.last_audio_ns is not None:
        assert at.first_audio_ns <= at.last_audio_ns
    if at.first_audible_ns is not None:
        assert at.first_audio_ns is not None
        assert at.playout_end_ns is not None
        assert at.first_audio_ns <= at.first_audible_ns <= at.playout_end_ns
    if record.status.was_heard:
        assert at.first_audible_ns is not None
        early = at.first_audible_ns < END_MS * MS
        if record.status is TurnStatus.BROKEN_OFF:
            assert record.fault is not None
        else:
            assert early == (record.status is TurnStatus.PREMATURE)
    else:
        assert at.first_audible_ns is None
        assert record.fault is not None
    if at.server_endpoint_ns is not None and at.first_audio_ns is not None:
        assert at.server_endpoint_ns <= at.first_audio_ns
    assert 0 <= counts.samples_unheard <= counts.samples_received


ACTS = st.sampled_from(["owe", "give", "stop"])


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 900), EVENTS | ACTS), max_size=25), FAULTS)
def test_whatever_an_application_and_a_caller_do_meanwhile_the_record_keeps_its_rules(
    events: list[tuple[int, Event | str]], fault: Fault | None
) -> None:
    turn, now_ms = new_turn(), -3_000
    for gap_ms, event in events:
        now_ms += gap_ms
        now_ns = (END_MS + now_ms) * MS
        match event:
            case "owe":
                turn.tools.expect_answer()
            case "give":
                turn.tool_result_sent(now_ns)
            case "stop":
                turn.interrupt(now_ns, for_good=False)
            case str():
                raise ValueError(event)
            case _:
                turn.receive(event, now_ns)
        ends_ns = turn.ends_ns()
        assert ends_ns == turn.ends_ns()
        if now_ns < ends_ns:
            assert not turn.ended(now_ns)
    assert turn.ended((END_MS + max(0, now_ms) + 25 * 2_000 + 10_000) * MS)
    record = turn.record(0, fault)
    at, counts = record.at, record.counts
    assert 0 <= counts.samples_unheard <= counts.samples_received
    if at.answer_audible_ns is not None:
        assert at.first_audible_ns is not None
        assert at.playout_end_ns is not None
        assert at.first_audible_ns <= at.answer_audible_ns <= at.playout_end_ns
    waits = "owe" in [event for _, event in events] and at.answer_audible_ns is None
    if record.status.was_heard:
        assert at.first_audible_ns is not None
        assert not waits
    elif not waits:
        assert at.first_audible_ns is None


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 900), EVENTS), max_size=25))
def test_every_turn_ends_when_nothing_more_comes(events: list[tuple[int, Event]]) -> None:
    turn, now_ms = new_turn(), -3_000
    for gap_ms, event in events:
        now_ms += gap_ms
        turn.receive(event, (END_MS + now_ms) * MS)
    played_ms = 25 * 2_000 + max(0, now_ms) + 5_000 + 5_000
    assert turn.ended((END_MS + played_ms) * MS)


# Silence goes before the sound, so that where it begins is settled at once.
SETTLING = AudioDelta(
    base64.b64encode(base64.b64decode(audio(20, silent=True)) + base64.b64decode(audio(80))),
    "r1",
    "i1",
)
PIECES = st.sampled_from(
    [
        SETTLING,
        delta(silent=True),
        delta(),
        AudioDelta(audio(), "r1", "i2"),
        delta(response="r2"),
        AudioDelta(audio()),
        ResponseCreated("r1"),
        ResponseCreated("r2"),
        ResponseDone("r1", ResponseStatus.COMPLETED),
        ResponseDone("r1", ResponseStatus.CANCELLED),
        SpeechStarted("u1"),
        SpeechStopped("u1"),
        None,
        "owe",
        "result",
    ]
)


@settings(max_examples=300)
@given(st.booleans(), st.lists(st.tuples(st.integers(0, 400), PIECES), max_size=12))
@example(True, [(0, delta(silent=True)), (0, SETTLING)])
@example(True, [(0, SETTLING), (0, done(ResponseStatus.CANCELLED)), (0, delta())])
@example(False, [(0, SETTLING), (0, "owe"), (0, "result"), (0, delta()), (0, delta())])
@example(False, [(0, SETTLING), (9, delta()), (9, delta(silent=True)), (9, "owe"), (9, "result")])
@example(False, [(0, "result"), (0, SETTLING), (0, "owe"), (0, delta())])
def test_a_piece_that_is_taken_the_short_way_leaves_what_it_leaves_the_long_way(
    announced: bool, steps: list[tuple[int, Event | str | None]]
) -> None:
    def played(*, short: bool) -> tuple[TurnRecord, ResponseState, int | None, int]:
        turn, at_ms = new_turn(), 0
        first: Event = ResponseCreated("r1") if announced else delta(silent=True)
        for wait_ms, event in [(0, first), *steps]:
            at_ms += wait_ms
            now_ns = (END_MS + at_ms) * MS
            if event is None:
                turn.interrupt(now_ns, for_good=False)
            elif event == "owe":
                turn.tools.expect_answer()
            elif event == "result":
                turn.tool_result_sent(now_ns)
            elif not isinstance(event, str) and not (
                short
                and isinstance(event, AudioDelta)
                and turn.hear_more(event, now_ns) is not None
            ):
                turn.receive(event, now_ns)
        now_ns += 50 * MS
        return (
            turn.record(0, now_ns=now_ns),
            turn.response_state,
            turn.playout_end_ns,
            turn.ends_ns(),
        )

    assert played(short=True) == played(short=False)


def test_a_record_is_whole_when_it_is_written_and_nothing_later_changes_it() -> None:
    turn = new_turn()
    feed(turn, *CAPTURED)
    asked = []

    def lateness(session_id: str, began_ns: int, ended_ns: int) -> int:
        asked.append((session_id, began_ns, ended_ns))
        return 3

    effect = BargeInEffect(ack_ns=8_300 * MS, stopped_ns=8_400 * MS)
    record = turn.record(
        1_000, barge_in=effect, provider_session_id="sess", lateness=lateness, now_ns=END_MS * MS
    )
    heard_ns = record.at.first_audible_ns
    assert heard_ns is not None
    assert asked == [("s", END_MS * MS, heard_ns + 1_000)]
    assert record.network_late_ns == 3
    assert record.kind is TurnKind.BARGE_IN
    assert record.at.barge_in_onset_ns == record.at.speech_onset_ns == 8_000 * MS - 1_000
    assert (record.at.barge_in_ack_ns, record.at.audio_stopped_ns) == (
        8_300 * MS - 1_000,
        8_400 * MS - 1_000,
    )
    assert record.provider_ids == {"item": "u1", "response": "r1", "session": "sess"}
    feed(turn, (9_000, ResponseCreated("r9")), (9_001, SpeechStopped("u9")))
    assert record.provider_ids == {"item": "u1", "response": "r1", "session": "sess"}
    assert turn.record(0).provider_ids.get("session") is None


def test_the_fault_of_an_interruption_is_told_where_the_turn_has_none_of_its_own() -> None:
    deaf = BargeInEffect(fault=Fault(Party.THEIRS, Phase.PLAYOUT, "deaf", "words"))
    turn = new_turn()
    feed(turn, *CAPTURED)
    assert turn.record(0, barge_in=deaf).fault == deaf.fault
    silent = new_turn().record(0, barge_in=deaf)
    assert silent.fault is not None
    assert silent.fault.code == "no_reply"
