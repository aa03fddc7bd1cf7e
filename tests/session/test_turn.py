"""The turn engine against every order of events that has been seen, and some that have not."""

import base64

import numpy as np
import pytest

from harness.errors import Fault, Party, Phase
from harness.model import (
    AudioDelta,
    Event,
    InputCommitted,
    ProviderError,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TokenUsage,
    TurnInstants,
    TurnRecord,
    TurnStatus,
)
from harness.session import Spoken, Turn

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


def new_turn(stale: frozenset[str] = frozenset()) -> Turn:
    spoken = Spoken(
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
    turn = Turn(spoken, rate_hz=RATE_HZ, stale=stale, before=TurnInstants())
    turn.sent((END_MS + 7) * MS, 0, ends_speech=True)
    return turn


def play(turn: Turn, *events: tuple[int, Event]) -> TurnRecord:
    """Feed events at milliseconds after speech end and record."""
    for at_ms, event in events:
        turn.receive(event, (END_MS + at_ms) * MS)
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


def test_only_the_last_endpoint_before_the_reply_counts() -> None:
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


def test_a_reply_before_the_end_is_premature_and_signed() -> None:
    record = play(new_turn(), (-400, ResponseCreated("r1")), (-300, delta()), (-290, done()))
    assert record.status is TurnStatus.PREMATURE
    assert latency_ms(record) == -300


def test_late_deltas_of_an_earlier_reply_are_dropped() -> None:
    turn = new_turn(stale=frozenset({"r0"}))
    record = play(turn, (10, delta(response="r0")), *CAPTURED, (1_300, done(response="r0")))
    assert latency_ms(record) == 1_200


def test_a_cancelled_reply_leaves_the_turn_waiting_for_the_next() -> None:
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


def test_a_failed_reply_is_a_failed_turn_not_silence() -> None:
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


def test_an_error_event_is_not_the_end_but_explains_it() -> None:
    record = play(new_turn(), (100, ProviderError("server_error", "try later")), *CAPTURED)
    assert record.status is TurnStatus.COMPLETED
    silent = play(new_turn(), (100, ProviderError("server_error", "try later")))
    assert silent.fault is not None
    assert "server_error" in silent.fault.detail


def test_our_own_lateness_voids_the_turn() -> None:
    turn = new_turn()
    turn.sent((END_MS + 7 + 26) * MS, 26 * MS, ends_speech=True)
    record = play(turn, *CAPTURED)
    assert record.status is TurnStatus.VOID
    assert record.fault is not None
    assert record.fault.party is Party.OURS
    assert record.send_lateness_max_ns == 26 * MS


def test_a_turn_cut_off_says_by_whom() -> None:
    theirs = new_turn().record(0, Fault(Party.THEIRS, Phase.RESPONSE, "close_1011"))
    ours = new_turn().record(0, Fault(Party.OURS, Phase.RESPONSE, "stopped"))
    assert (theirs.status, ours.status) == (TurnStatus.CLOSED, TurnStatus.VOID)


def test_audio_that_is_no_base64_is_not_heard() -> None:
    record = play(new_turn(), (500, ResponseCreated("r1")), (600, AudioDelta(b"!!!", "r1")))
    assert record.at.first_audible_ns is None


def test_the_turn_lasts_until_the_reply_has_been_heard() -> None:
    turn = new_turn()
    play(turn, *CAPTURED)
    assert not turn.ended((END_MS + 1_399) * MS)
    assert turn.ended((END_MS + 1_400) * MS)
