"""A whole call on a clock we hold: `tick` at every deadline, events in between."""

from base64 import b64encode
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import Fault, Party, Phase
from harness.model import (
    AudioDelta,
    AudioFormat,
    BargeIn,
    CallPlan,
    CancelResponse,
    CommitTurn,
    Encoding,
    Event,
    InputCommitted,
    Interrupted,
    Notice,
    ProviderError,
    Request,
    RequestResponse,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    SessionCreated,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TokenUsage,
    ToolCall,
    TurnBehaviour,
    TurnRecord,
    TurnStatus,
)
from harness.session import Caller, EncodedUtterance, Saying
from harness.session.playout.spoken_text import CHARACTER_MS
from tests.session.answering import (
    FRAME,
    LOUD,
    MS,
    SILENCE,
    WIRE_FORMAT,
    Answering,
    hang_up,
    new_session,
    utterance,
)


def test_nothing_is_due_before_the_session_exists() -> None:
    session = new_session()
    assert session.due_ns is None
    session.receive(SessionCreated("sess_1"), 10 * MS)
    assert session.due_ns == 30 * MS


def test_a_call_speaks_waits_listens_thinks_and_ends() -> None:
    session = new_session(turns=2)
    session.receive(SessionCreated("sess_1", "a-model"), 10 * MS)
    session.receive(SessionConfigured('{"type":"server_vad"}'), 12 * MS)
    server = Answering(session)
    server.run(until_ms=20_000)
    assert session.finished
    assert [turn.status for turn in server.turns] == [TurnStatus.COMPLETED] * 2
    assert [turn.utterance_id for turn in server.turns] == ["u0", "u1"]
    assert [turn.provider_ids["response"] for turn in server.turns] == ["r0", "r1"]
    assert all(turn.provider_ids["session"] == "sess_1" for turn in server.turns)
    record = hang_up(session)
    assert record.fault is None
    assert record.turns_done == record.turns_planned == 2
    assert record.frames_sent == record.frames_intended == len(server.sent)
    assert record.acknowledged == '{"type":"server_vad"}'
    assert record.model == "a-model"


def test_a_turn_is_recorded_with_the_condition_that_its_plan_gives() -> None:
    plan = CallPlan(
        number=7,
        network="none",
        utterance_ids=("u0", "u1"),
        think_ms=(100.0, 100.0),
        conditions=("noisy", ""),
        original_ids=("u", ""),
    )
    utterances = [utterance(name) for name in plan.utterance_ids]
    session = Caller(plan, utterances, wire_format=WIRE_FORMAT, origin_ns=0, scheduled_ns=0)
    session.receive(SessionCreated(), 0)
    server = Answering(session)
    server.run(until_ms=2_000)
    hang_up(session)
    turns = server.turns + session.take_turns()
    assert [(turn.condition, turn.original_id) for turn in turns] == [("noisy", "u"), ("", "")]


def test_every_frame_slot_carries_exactly_one_frame() -> None:
    session = new_session(turns=1, phase_ns=3 * MS)
    session.receive(SessionCreated(), 0)
    server = Answering(session)
    server.run(until_ms=20_000)
    assert [at_ns for at_ns, _ in server.sent] == [
        3 * MS + 20 * MS * (slot + 1) for slot in range(len(server.sent))
    ]
    words = [message for _, message in server.sent if message != SILENCE]
    assert words == [f"u0-{n}".encode() for n in range(10)]


def test_the_speech_end_is_the_labelled_sample_on_the_plan() -> None:
    session = new_session(turns=1)
    session.receive(SessionCreated(), 0)
    server = Answering(session)
    server.run(until_ms=20_000)
    (turn,) = server.turns
    first_slot = next(i for i, (_, message) in enumerate(server.sent) if message == b"u0-0")
    sample = first_slot * FRAME + 10 * FRAME - 700
    assert turn.speech_end_sample == sample
    assert turn.at.speech_end_ns == sample * 10**9 // 24_000
    assert turn.at.speech_end_sent_ns is not None
    assert 0 < turn.at.speech_end_sent_ns - turn.at.speech_end_ns <= 20 * MS


def test_a_late_end_of_speech_voids_its_turn_and_no_other() -> None:
    session = new_session(turns=2)
    session.receive(SessionCreated(), 0)
    server = Answering(session)
    server.late_ns = lambda _: 40 * MS if server.sent and server.sent[-1][1] == b"u0-7" else 0
    server.run(until_ms=20_000)
    assert [turn.status for turn in server.turns] == [TurnStatus.VOID, TurnStatus.COMPLETED]


def test_a_turn_without_an_answer_costs_no_other_turn() -> None:
    session = new_session(turns=3)
    session.receive(SessionCreated(), 0)
    server = Answering(session, latency_ms=10**6)
    server.run(until_ms=3_450)
    assert [turn.status for turn in server.turns] == [TurnStatus.NO_REPLY]
    server.latency_ms = 800
    server.run(until_ms=20_000)
    assert session.finished
    assert [turn.status for turn in server.turns[1:]] == [TurnStatus.COMPLETED] * 2
    assert hang_up(session).turns_done == 3


@pytest.mark.parametrize("fault", [None, Fault(Party.THEIRS, Phase.SEND, "close_1011", "gone")])
def test_turns_that_never_came_are_rows_with_their_reason(fault: Fault | None) -> None:
    session = new_session(turns=4)
    session.receive(SessionCreated(), 0)
    Answering(session).run(until_ms=400)
    record = session.closed(450 * MS, fault, None)
    cut, *never = session.take_turns()
    assert cut.status is not TurnStatus.DROPPED
    assert [(turn.turn_index, turn.status) for turn in never] == [
        (index, TurnStatus.DROPPED) for index in (1, 2, 3)
    ]
    assert [turn.utterance_id for turn in never] == ["u1", "u2", "u3"]
    assert {turn.fault for turn in never} == {record.fault}
    assert record.turns_done == record.turns_planned == 4


def test_turns_that_the_end_of_the_run_left_over_are_rows_too() -> None:
    session = new_session(turns=3)
    session.receive(SessionCreated(), 0)
    server = Answering(session)
    server.run(until_ms=400)
    session.wind_up()
    server.run(until_ms=20_000)
    assert hang_up(session).fault is None
    never = session.take_turns()
    assert [turn.status for turn in never] == [TurnStatus.DROPPED] * 2
    assert {turn.fault.party for turn in never if turn.fault} == {Party.OURS}


def greeted(greeting: list[tuple[int, Event]]) -> tuple[Caller, Answering]:
    """Hold a call of a caller who lets the agent speak first."""
    session = new_session(turns=1, agent_speaks_first=True)
    session.receive(SessionCreated(), 0)
    server = Answering(session)
    server.expect(greeting)
    server.run(until_ms=30_000)
    return session, server


def test_a_caller_hears_out_the_greeting_and_then_speaks() -> None:
    session, server = greeted(
        [
            (500, ResponseCreated("g")),
            *((510 + 50 * piece, AudioDelta(LOUD, "g", "i")) for piece in range(20)),
            (1_500, ResponseDone("g", ResponseStatus.COMPLETED)),
        ]
    )
    (turn,) = server.turns
    record = hang_up(session)
    assert record.greeting_audible_ns == 510 * MS
    assert record.greeting_end_ns == 2_510 * MS
    assert record.greeting_fault is None
    assert turn.status is TurnStatus.COMPLETED
    assert turn.provider_ids["response"] == "r0"
    assert turn.at.speech_onset_ns is not None
    assert 2_610 * MS <= turn.at.speech_onset_ns < 2_680 * MS


def test_a_greeting_and_what_ends_between_turns_are_paid_by_the_session() -> None:
    usage = TokenUsage(output_audio=5)
    completed = ResponseStatus.COMPLETED
    session, server = greeted(
        [
            (500, ResponseCreated("g")),
            *((510 + 50 * piece, AudioDelta(LOUD, "g", "i")) for piece in range(20)),
            (1_500, ResponseDone("g", completed, usage=usage)),
            (1_600, ResponseDone("g", completed, usage=usage)),
            (2_550, ResponseDone("h", completed, usage=usage)),
            (2_551, ResponseCreated("never_ends")),
        ]
    )
    record = hang_up(session)
    assert (record.usage, record.responses_untold) == (TokenUsage(output_audio=10), 1)
    (turn,) = server.turns
    assert (turn.usage, turn.responses_untold) == (None, 1)


def test_a_caller_waits_for_a_greeting_no_longer_than_for_a_response() -> None:
    session, server = greeted([])
    (turn,) = server.turns
    assert turn.status is TurnStatus.COMPLETED
    assert turn.at.speech_onset_ns is not None
    assert turn.at.speech_onset_ns > 3_100 * MS
    record = hang_up(session)
    assert record.greeting_audible_ns is None
    assert record.greeting_fault is not None
    assert record.greeting_fault.code == "no_greeting"


def test_the_end_of_the_run_ends_the_wait_for_a_greeting() -> None:
    session = new_session(turns=1, agent_speaks_first=True)
    session.receive(SessionCreated(), 0)
    session.wind_up()
    assert session.finished
    record = hang_up(session)
    assert record.greeting_fault is not None
    assert record.greeting_fault.party is Party.OURS
    assert [turn.status for turn in session.take_turns()] == [TurnStatus.DROPPED]


@pytest.mark.parametrize("ready", [False, True])
def test_a_session_that_breaks_leaves_a_row_for_the_turn_it_owes(ready: bool) -> None:
    session = new_session()
    if ready:
        session.receive(SessionCreated(), 0)
    fault = Fault(Party.THEIRS, session.phase(), "close_1011", "gone")
    record = session.closed(50 * MS, fault, 1011)
    turn, never = session.take_turns()
    assert (turn.status, never.status) == (TurnStatus.CLOSED, TurnStatus.DROPPED)
    assert turn.fault is not None
    assert turn.fault.phase is (Phase.SEND if ready else Phase.SETUP)
    assert record.fault == fault
    assert record.close_code == 1011


def test_winding_up_ends_the_call_after_the_current_turn() -> None:
    session = new_session(turns=5)
    session.receive(SessionCreated(), 0)
    server = Answering(session)
    server.run(until_ms=400)
    session.wind_up()
    server.run(until_ms=20_000)
    assert [turn.status for turn in server.turns] == [TurnStatus.COMPLETED]
    assert hang_up(session).fault is None


def test_cutting_off_voids_the_open_turn_as_ours() -> None:
    session = new_session()
    session.receive(SessionCreated(), 0)
    Answering(session).run(until_ms=400)
    record = session.closed(450 * MS, None, None)
    turn, never = session.take_turns()
    assert (turn.status, never.status) == (TurnStatus.VOID, TurnStatus.DROPPED)
    assert record.fault is not None
    assert record.fault.party is Party.OURS


def test_a_retryable_loss_costs_the_open_turn_and_goes_on_with_the_next() -> None:
    session = new_session(turns=3)
    session.receive(SessionCreated("sess_1"), 0)
    first = Answering(session)
    first.run(until_ms=400)
    fault = Fault(Party.THEIRS, Phase.SEND, "close_1011")
    wait_s = session.lost(450 * MS, fault)
    assert wait_s is not None
    assert session.due_ns is None
    (cut,) = session.take_turns()
    assert (cut.status, cut.fault) == (TurnStatus.CLOSED, fault)
    session.receive(SessionCreated("sess_2"), 1_450 * MS)
    second = Answering(session)
    second.run(until_ms=30_000)
    assert [turn.status for turn in second.turns] == [TurnStatus.COMPLETED] * 2
    assert [turn.turn_index for turn in second.turns] == [1, 2]
    # The new session counts its audio from 0, and so does the mark on it.
    slot = next(i for i, (_, message) in enumerate(second.sent) if message == b"u1-0")
    assert second.turns[0].speech_end_sample == slot * FRAME + 10 * FRAME - 700
    assert second.turns[0].provider_ids["session"] == "sess_2"
    record = hang_up(session)
    assert (record.reconnects, record.outage_ns) == (1, 1_000 * MS)


def test_a_loss_in_the_last_turn_is_not_worth_a_new_session() -> None:
    session = new_session(turns=1)
    session.receive(SessionCreated(), 0)
    Answering(session).run(until_ms=400)
    assert session.lost(450 * MS, Fault(Party.THEIRS, Phase.SEND, "close_1011")) is None


@given(
    lateness_ms=st.lists(st.sampled_from([0, 0, 0, 3, 20, 45, 100, 101]), min_size=1, max_size=7),
    latency_ms=st.integers(0, 900),
    cut_ms=st.one_of(st.none(), st.integers(100, 3_000)),
)
def test_a_call_is_the_same_whether_frames_are_taken_ahead_or_asked_for_one_by_one(
    lateness_ms: list[int], latency_ms: int, cut_ms: int | None
) -> None:
    def held(*, takes_ahead: bool) -> tuple[object, ...]:
        session = new_session(turns=2)
        session.receive(SessionCreated("sess_1"), 10 * MS)
        server = Answering(session, latency_ms)
        server.takes_ahead = takes_ahead
        server.late_ns = lambda frame: lateness_ms[frame % len(lateness_ms)] * MS
        server.run(until_ms=20_000 if cut_ms is None else cut_ms)
        record = hang_up(session)
        return server.sent, server.turns + session.take_turns(), record, session.pacing.slots

    assert held(takes_ahead=True) == held(takes_ahead=False)


@pytest.mark.parametrize("takes_ahead", [False, True])
def test_the_caller_speaks_again_as_soon_as_the_response_was_heard_and_thought_over(
    takes_ahead: bool,
) -> None:
    session = new_session(turns=2)
    session.receive(SessionCreated("sess_1"), 0)
    server = Answering(session)
    server.takes_ahead = takes_ahead
    server.run(until_ms=20_000)
    heard_ns, again_ns = server.turns[0].at.playout_end_ns, server.turns[1].at.speech_onset_ns
    assert heard_ns is not None
    assert again_ns is not None
    assert 100 * MS <= again_ns - heard_ns < 150 * MS


@pytest.mark.parametrize("lead_pieces", [0, 1, 7])
def test_a_caller_barges_in_at_the_same_time_however_the_response_is_taken(
    lead_pieces: int,
) -> None:
    def held(*, takes_ahead: bool) -> tuple[list[tuple[int, bytes]], object, object]:
        plan = CallPlan(
            number=7,
            network="none",
            utterance_ids=("u0", "u1"),
            think_ms=(100.0, 100.0),
            behaviours=(TurnBehaviour(barge_in_ms=200), TurnBehaviour()),
        )
        said = [utterance("u0"), utterance("u1")]
        session = Caller(plan, said, wire_format=WIRE_FORMAT, origin_ns=0, scheduled_ns=0)
        session.receive(SessionCreated(), 0)
        server = Answering(session, latency_ms=60_000)
        server.takes_ahead = takes_ahead
        # Nobody announces it, and it begins with silence.
        quiet = AudioDelta(b64encode(bytes(2_400)))
        pieces = [quiet] * lead_pieces + [AudioDelta(LOUD)] * 10
        server.expect([(1_000 + 50 * number, piece) for number, piece in enumerate(pieces)])
        server.run(until_ms=6_000)
        record = hang_up(session, 6_000 * MS)
        return server.sent, server.turns + session.take_turns(), record

    sent, turns, record = held(takes_ahead=True)
    assert (sent, turns, record) == held(takes_ahead=False)
    audible_ns = 1_000 * MS + lead_pieces * 50 * MS
    begun_ns = next(at_ns for at_ns, message in sent if message == b"u1-0")
    assert 200 * MS <= begun_ns - audible_ns <= 240 * MS


def _voiced(rate_hz: int, lead_ms: int, ms: int) -> bytes:
    """Return silence, then a voice-like sound, as PCM16."""
    at = np.arange(rate_hz * ms // 1000) / rate_hz
    waves = sum(np.sin(2 * np.pi * 140 * order * at) / order for order in range(1, 9))
    lead = np.zeros(rate_hz * lead_ms // 1000)
    return np.concatenate((lead, 2_000 * waves)).astype("<i2").tobytes()


def _cut(audio: bytes, pieces: int = 10) -> list[bytes]:
    size = len(audio) // pieces
    return [audio[at : at + size] for at in range(0, len(audio), size)]


def _responds(session: Caller, pieces: list[bytes], said: tuple[float, Event]) -> TurnRecord:
    """Play a call of one turn that speaks until 310 ms and is answered from 1,000 ms on."""
    session.receive(SessionCreated(), 0)
    server = Answering(session, latency_ms=60_000)
    deltas = [AudioDelta(b64encode(piece), "r", "i") for piece in pieces]
    events: list[tuple[float, Event]] = [
        said,
        (999, ResponseCreated("r")),
        *((1_000 + n, delta) for n, delta in enumerate(deltas)),
        (1_020, ResponseDone("r", ResponseStatus.COMPLETED)),
    ]
    server.expect([(int(at_ms), event) for at_ms, event in sorted(events, key=lambda e: e[0])])
    server.run(until_ms=9_000)
    hang_up(session)
    (turn,) = server.turns + session.take_turns()
    return turn


# Before the turn, in it, while the response is awaited, and after its first pieces.
@pytest.mark.parametrize("at_ms", [5, 150, 900, 1_001.5])
def test_a_format_holds_from_when_it_is_acknowledged(at_ms: float) -> None:
    acknowledged = SessionConfigured(output=AudioFormat(16_000))
    pieces = _cut(_voiced(16_000, 300, 700))
    if at_ms > 1_000:
        # What came before is in the format of before.
        pieces = [*_cut(_voiced(24_000, 300, 0), 2), *_cut(_voiced(16_000, 100, 940), 8)]
    turn = _responds(new_session(turns=1), pieces, (at_ms, acknowledged))
    assert turn.status is TurnStatus.COMPLETED
    assert turn.at.first_audible_ns is not None
    lead_ms = 300 if at_ms < 1_000 else 400
    assert turn.at.first_audible_ns / MS == pytest.approx(1_000 + lead_ms, abs=8)
    assert turn.at.playout_end_ns is not None
    length_ms = 1_000 if at_ms < 1_000 else 1_340
    assert turn.at.playout_end_ns / MS == pytest.approx(1_000 + length_ms, abs=2)


def test_a_format_that_the_session_began_with_holds_where_no_settings_are_acknowledged() -> None:
    stated = SessionCreated(formats=SessionConfigured(output=AudioFormat(16_000)))
    turn = _responds(new_session(turns=1), _cut(_voiced(16_000, 300, 700)), (5, stated))
    assert turn.at.first_audible_ns is not None
    assert turn.at.first_audible_ns / MS == pytest.approx(1_300, abs=8)


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (_voiced(8_000, 300, 900), "acknowledged as mulaw at 8000 Hz and comes as pcm16"),
        (b"OggS" + bytes(9_000), "comes as an Ogg file"),
    ],
)
def test_audio_that_is_not_what_it_is_said_to_be_gives_no_latency(audio: bytes, words: str) -> None:
    acknowledged = SessionConfigured(output=AudioFormat(8_000, Encoding.MULAW))
    turn = _responds(new_session(turns=1), _cut(audio), (5, acknowledged))
    assert turn.status is TurnStatus.FAILED
    assert turn.fault is not None
    assert (turn.fault.party, turn.fault.code) == (Party.THEIRS, "undecodable_audio")
    assert words in turn.fault.detail
    assert turn.at.first_audible_ns is None
    assert turn.at.playout_end_ns is None
    assert turn.at.first_audio_ns is not None


def test_a_refusal_of_the_settings_is_recorded_also_after_another_acknowledgement() -> None:
    session = new_session(turns=1)
    session.receive(SessionCreated(), 0)
    session.receive(SessionConfigured("{}"), 1 * MS)
    session.receive(ProviderError("no_voice", "no such voice", of_settings=True), 2 * MS)
    assert hang_up(session).settings_refused == "no_voice: no such voice"


Said = list[tuple[int, Event]]


def _answer(at_ms: int, name: str, *, created: bool = True, pieces: int = 6) -> Said:
    announced: Said = [(at_ms - 1, ResponseCreated(name))] if created else []
    return [
        *announced,
        *((at_ms + 30 * piece, AudioDelta(LOUD, name, "i")) for piece in range(pieces)),
        (at_ms + 30 * pieces, ResponseDone(name, ResponseStatus.COMPLETED)),
    ]


def _latencies(session: Caller, events: Said) -> list[int | None]:
    """Return the latency in ms of every turn of a call whose server says all of this."""
    session.receive(SessionCreated(), 0)
    server = Answering(session, latency_ms=900_000)
    server.expect(sorted(events, key=lambda event: event[0]))
    server.run(until_ms=20_000)
    hang_up(session)
    found = []
    for turn in server.turns + session.take_turns():
        heard_ns, end_ns = turn.at.first_audible_ns, turn.at.speech_end_ns
        assert end_ns is not None
        found.append(None if heard_ns is None else round((heard_ns - end_ns) / MS))
    return found


@pytest.mark.parametrize("created", [True, False])
@pytest.mark.parametrize("name", ["r", ""])
def test_a_server_may_use_one_name_for_all_of_its_responses(created: bool, name: str) -> None:
    events = _answer(1_000, name, created=created)
    # The caller speaks again until 1.87 s.
    events += _answer(3_000, name, created=created)
    first, second = _latencies(new_session(turns=2), events)
    assert first == 729
    assert second is not None
    assert second > 1_000


@pytest.mark.parametrize(
    ("greeting_ms", "heard_ms"), [(50, 150), (250, 150), (500, 150), (500, 250), (700, 150)]
)
def test_a_greeting_is_not_the_answer_of_a_caller_who_is_still_heard(
    greeting_ms: int, heard_ms: int
) -> None:
    said: Said = [
        (heard_ms, SpeechStarted("u")),
        (1_400, SpeechStopped("u")),
        (1_401, InputCommitted("u")),
    ]
    events = [*_answer(greeting_ms, "g", pieces=4), *said, *_answer(1_900, "a")]
    assert _latencies(new_session(turns=1), events) == [1_629]


def test_a_server_that_never_says_when_a_caller_has_ended_is_waited_for_once() -> None:
    events = [(150, SpeechStarted("u")), *_answer(1_000, "a")]
    session = new_session(turns=2)
    events += [(3_400, SpeechStarted("v")), *_answer(4_000, "b")]
    first, second = _latencies(session, events)
    assert first == 729
    assert second is not None
    assert 0 < second < 1_000


@pytest.mark.parametrize("takes_ahead", [False, True])
@pytest.mark.parametrize(
    ("late_frame", "status"),
    [
        (7, TurnStatus.COMPLETED),
        (25, TurnStatus.VOID),
        (50, TurnStatus.COMPLETED),
    ],
    ids=["in speech", "in the silence that the server decides by", "after its decision"],
)
def test_a_late_frame_spoils_the_turn_only_where_the_server_decides_by_it(
    late_frame: int, status: TurnStatus, takes_ahead: bool
) -> None:
    session = new_session(turns=1)
    server = Answering(session, latency_ms=1_200)
    server.takes_ahead = takes_ahead
    session.receive(SessionCreated(), 0)
    server.late_ns = lambda frame: 30 * MS if frame == late_frame else 0
    server.expect([(800, SpeechStopped("u"))])
    server.run(10_000)
    (turn,) = server.turns
    assert turn.status is status


@pytest.mark.parametrize("detects", [False, True])
def test_a_turn_that_a_server_never_answers_has_the_reason_of_its_settings(detects: bool) -> None:
    session = new_session(turns=1)
    session.receive(SessionCreated(), 0)
    session.receive(SessionConfigured("null", detects_turns=detects), 0)
    turns: list[TurnRecord] = []
    while not session.finished:
        assert session.due_ns is not None
        session.tick(session.due_ns)
        turns += session.take_turns()
    (turn,) = turns
    assert turn.status is TurnStatus.NO_REPLY
    assert turn.fault is not None
    assert ("turn_detection is null" in turn.fault.detail) == (not detects)
    assert "nothing audible within" in turn.fault.detail


def test_a_response_without_audio_says_what_came_in_its_place() -> None:
    session = new_session(turns=1)
    session.receive(SessionCreated(), 0)
    server = Answering(session, latency_ms=60_000)
    session.unreadable_messages = 2
    server.expect(
        [
            (1_000, ResponseCreated("r")),
            (1_001, Notice("response.speech.chunk")),
            (1_002, Notice("response.speech.chunk")),
            (1_003, ResponseDone("r", ResponseStatus.COMPLETED)),
        ]
    )
    server.run(until_ms=9_000)
    (turn,) = server.turns
    assert turn.fault is not None
    assert turn.fault.code == "empty_reply"
    assert turn.fault.detail.endswith("2 messages that cannot be read, response.speech.chunk")


def test_a_turn_in_which_only_unreadable_messages_came_says_so() -> None:
    session, turns = new_session(turns=1), list[TurnRecord]()
    session.receive(SessionCreated(), 0)
    session.unreadable_messages = 3
    while not session.finished:
        assert session.due_ns is not None
        session.tick(session.due_ns)
        turns += session.take_turns()
    (turn,) = turns
    assert turn.fault is not None
    assert turn.fault.detail.endswith("; there came 3 messages that cannot be read")


def test_an_error_of_a_server_that_opens_no_session_refuses_no_settings() -> None:
    session = new_session()
    session.receive(ProviderError("session_limit_reached", "All slots are in use."), 0)
    assert hang_up(session).settings_refused == ""


def test_a_server_that_closes_every_session_before_a_turn_is_not_asked_for_ever() -> None:
    session, fault = new_session(turns=2), Fault(Party.THEIRS, Phase.SEND, "close_1011")
    session.receive(SessionCreated(), 0)
    losses = 0
    while session.lost(losses * MS, fault) is not None:
        losses += 1
        session.receive(SessionCreated(), losses * MS)
    assert losses == 5
    session.closed(9 * MS, fault, 1011)
    turns = session.take_turns()
    assert [turn.status for turn in turns] == [TurnStatus.CLOSED, TurnStatus.DROPPED]
    assert all(turn.fault == fault for turn in turns)


def test_the_answer_to_a_turn_that_was_given_up_is_not_that_of_the_next() -> None:
    session, turns = new_session(turns=2), list[TurnRecord]()
    session.receive(SessionCreated(), 0)

    def speak() -> int:
        """Speak a whole utterance; return when the server has heard its end."""
        while session.conversation.turn is None or session.conversation.turn.sending.end_ns is None:
            assert session.due_ns is not None
            session.tick(session.due_ns)
        assert session.due_ns is not None
        session.receive(SpeechStopped("u"), session.due_ns)
        return session.due_ns

    def wait(number: int) -> None:
        while len(turns) < number:
            assert session.due_ns is not None
            session.tick(session.due_ns)
            turns.extend(session.take_turns())

    speak()
    wait(1)
    heard_ns, sound = speak(), b64encode(_voiced(24_000, 0, 300))
    for name, at_ns in (("late", heard_ns), ("own", heard_ns + 200 * MS)):
        session.receive(ResponseCreated(name), at_ns)
        session.receive(AudioDelta(sound, name, name), at_ns)
        session.receive(ResponseDone(name, ResponseStatus.COMPLETED), at_ns)
    wait(2)
    assert [turn.status for turn in turns] == [TurnStatus.NO_REPLY, TurnStatus.COMPLETED]
    assert turns[1].provider_ids["response"] == "own"


def committing(turns: int = 2) -> Caller:
    plan = CallPlan(
        number=1,
        network="none",
        utterance_ids=tuple(f"u{n}" for n in range(turns)),
        think_ms=(100.0,) * turns,
        behaviours=(TurnBehaviour(barge_in_ms=100.0), *(TurnBehaviour(),) * (turns - 1)),
    )
    utterances = [utterance(name) for name in plan.utterance_ids]
    session = Caller(
        plan, utterances, wire_format=WIRE_FORMAT, origin_ns=0, scheduled_ns=0, commits=True
    )
    session.receive(SessionCreated(), 0)
    return session


def next_requests(session: Caller, until_ns: int) -> tuple[int, bytes, list[Request]]:
    """Tick until the caller requests something; return when, with which frame, and what."""
    while session.due_ns is not None and session.due_ns < until_ns:
        at_ns = session.due_ns
        message, _ = session.tick(at_ns)
        if session.has_news and (requests := session.take_requests()):
            return at_ns, message, requests
    raise AssertionError("nothing was requested")


def test_a_caller_who_commits_does_so_with_the_frame_that_ends_the_speech() -> None:
    session = committing()
    at_ns, message, requests = next_requests(session, 2_000 * MS)
    # The utterance ends 700 samples before its last frame does.
    assert message == b"u0-8"
    assert requests == [CommitTurn(), RequestResponse()]
    session.receive(InputCommitted(), at_ns + 5 * MS)
    session.receive(ResponseCreated("r0"), at_ns + 6 * MS)
    for piece in range(20):
        session.receive(AudioDelta(LOUD, "r0", "item"), at_ns + 50 * MS + piece)
    # The caller cuts in, which the server does not detect: its response is cancelled.
    _, _, cut = next_requests(session, at_ns + 2_000 * MS)
    assert cut[0] == CancelResponse()
    session.wind_up()
    hang_up(session)
    turn = session.take_turns()[0]
    assert turn.at.commit_sent_ns == turn.at.speech_end_sent_ns == at_ns
    # That the server repeats the commit is no decision of its own.
    assert turn.at.server_endpoint_ns is None


def _said(name: str, think_ms: float = 100.0, **asked: float) -> Saying:
    return Saying(
        utterance=utterance(name),
        think_ms=think_ms,
        behaviour=TurnBehaviour(**asked) if asked else None,  # type: ignore[arg-type]
    )


def _told(*, takes_ahead: bool = False) -> tuple[Caller, Answering]:
    session = new_session(turns=0, open_ended=True)
    server = Answering(session)
    server.takes_ahead = takes_ahead
    server.expect([(10, SessionCreated())])
    session.receive(SessionCreated(), 10 * MS)
    return session, server


@pytest.mark.parametrize("takes_ahead", [False, True])
def test_a_caller_who_is_told_what_to_say_sends_silence_until_then(takes_ahead: bool) -> None:
    session, server = _told(takes_ahead=takes_ahead)
    server.run(2_000)
    assert {message for _, message in server.sent} == {SILENCE}
    session.say(_said("a"))
    server.run(5_000)
    session.say(_said("b"))
    session.say_no_more()
    server.run(9_000)
    assert session.finished
    assert [turn.utterance_id for turn in server.turns] == ["a", "b"]
    assert [turn.status for turn in server.turns] == [TurnStatus.COMPLETED] * 2
    gaps = {later - sooner for (sooner, _), (later, _) in pairwise(server.sent)}
    assert gaps == {20 * MS}, "the microphone never stops"
    assert hang_up(session).turns_planned == 2


def test_what_is_told_late_makes_a_longer_pause_and_no_longer_latency() -> None:
    latencies, pauses = [], []
    for told_ms in (1_800, 4_000):
        session, server = _told()
        session.say(_said("a"))
        server.run(told_ms)
        session.say(_said("b", think_ms=400))
        session.say_no_more()
        server.run(9_000)
        _, turn = server.turns
        assert turn.think_asked_ns == 400 * MS
        assert turn.think_ns is not None
        pauses.append(turn.think_ns // MS)
        assert turn.at.first_audible_ns is not None
        assert turn.at.speech_end_ns is not None
        latencies.append(turn.at.first_audible_ns - turn.at.speech_end_ns)
    assert 400 <= pauses[0] < 420
    assert pauses[1] > 1_000
    assert latencies[0] == latencies[1]


@pytest.mark.parametrize(
    ("told_ms", "outcome"), [(1_300, BargeIn.STOPPED), (3_000, BargeIn.MISSED)]
)
def test_what_is_told_while_the_response_is_heard_interrupts_it(
    told_ms: int, outcome: BargeIn
) -> None:
    session, server = _told()
    session.say(_said("a", barge_in_ms=400.0))
    server.run(told_ms)
    session.say(_said("b"))
    session.say_no_more()
    server.expect([(told_ms + 330, SpeechStarted("x"))] if told_ms < 2_000 else [])
    server.run(9_000)
    first, second = server.turns
    assert first.behaviour is not None
    assert first.behaviour.barge_in is outcome
    if outcome is BargeIn.STOPPED:
        assert (first.at.first_audible_ns, second.at.barge_in_onset_ns) != (None, None)
        assert second.at.speech_onset_ns - first.at.first_audible_ns == pytest.approx(  # type: ignore[operator]
            400 * MS, abs=20 * MS
        )


def test_a_response_that_nothing_is_said_into_any_more_is_heard_out() -> None:
    session, server = _told()
    session.say(_said("a", barge_in_ms=400.0))
    server.run(1_300)
    so_far = session.conversation.so_far(0)
    assert so_far is not None
    assert so_far.audible
    session.say_no_more()
    server.run(9_000)
    (turn,) = server.turns
    assert turn.behaviour is None
    assert turn.status is TurnStatus.COMPLETED
    assert session.finished


def test_words_and_tools_of_a_turn_are_kept_for_a_caller_who_is_told() -> None:
    session, server = _told()
    session.say(_said("a"))
    server.expect(
        [
            (1_200, TextDelta("r0", "Which ")),
            (1_210, TextDelta("r0", "size?")),
            (1_220, ToolCall("c1", "place_order", "{}", "r0")),
            (1_230, TextDelta("of-nobody", "never said")),
        ]
    )
    server.run(1_300)
    assert session.conversation.so_far(1) is None
    so_far = session.conversation.so_far(0)
    assert so_far is not None
    assert so_far.transcript.startswith("Which size?")
    server.run(9_000)
    (heard,) = session.conversation.take_heard()
    assert (heard.turn_index, heard.tools) == (0, ("place_order",))
    assert heard.transcript.startswith("Which size?")
    assert session.conversation.take_heard() == []


def text_call(*behaviours: TurnBehaviour) -> Caller:
    plan = CallPlan(
        number=7,
        network="none",
        utterance_ids=("u0", "u1"),
        think_ms=(100.0, 100.0),
        behaviours=behaviours,
    )
    said = [
        EncodedUtterance(
            utterance_id=name,
            messages=[b""] * 10,
            onset_sample=0,
            end_sample=10 * FRAME - 1,
            words=f"words of {name}",
        )
        for name in plan.utterance_ids
    ]
    wire = replace(WIRE_FORMAT, silence=b"", in_text=True)
    session = Caller(plan, said, wire_format=wire, origin_ns=0, scheduled_ns=0, commits=True)
    session.link.opening(0)
    session.receive(SessionCreated("VX1"), 0)
    return session


class Relayed:
    """An application that answers each prompt with text after 300 ms, and the engine before it."""

    def __init__(self, session: Caller, words: str = "A whole answer in a few words.") -> None:
        self.session, self.words = session, words
        self.requests: list[tuple[int, Request]] = []
        self.turns: list[TurnRecord] = []
        self._pending: list[tuple[int, Event]] = []

    def run(self, late_ns: int = 0) -> None:
        while not self.session.finished:
            due_ns = self.session.due_ns
            assert due_ns is not None
            assert due_ns < 60_000 * MS
            for at_ns, event in [one for one in self._pending if one[0] <= due_ns]:
                self.session.receive(event, at_ns)
            self._pending = [one for one in self._pending if one[0] > due_ns]
            self.session.tick(due_ns)
            for request in self.session.take_requests():
                self.requests.append((due_ns, request))
                if isinstance(request, CommitTurn):
                    self.session.conversation.prompted(due_ns + late_ns)
                    self._answer(due_ns + 300 * MS)
            self.turns += self.session.take_turns()

    def _answer(self, at_ns: int) -> None:
        self._pending += [
            (at_ns, ResponseCreated()),
            (at_ns, TextDelta("", self.words)),
            (at_ns, AudioDelta(self.words.encode())),
            (at_ns + 50 * MS, ResponseDone("", ResponseStatus.COMPLETED)),
        ]


def test_a_call_in_text_sends_prompts_when_they_are_due_and_hears_text_out() -> None:
    relayed = Relayed(text_call())
    relayed.run(late_ns=MS)
    prompts = [(at, one) for at, one in relayed.requests if isinstance(one, CommitTurn)]
    assert [one.words for _, one in prompts] == ["words of u0", "words of u1"]
    assert [turn.at.speech_end_ns for turn in relayed.turns] == [at for at, _ in prompts]
    for turn in relayed.turns:
        assert turn.status is TurnStatus.COMPLETED
        assert turn.endpoint_lateness_ns == MS
        assert turn.at.commit_sent_ns == (turn.at.speech_end_ns or 0) + MS
        assert turn.at.first_text_ns == (turn.at.speech_end_ns or 0) + 300 * MS
    first, second = relayed.turns
    spoken_ns = len(relayed.words) * CHARACTER_MS * MS
    assert (second.at.speech_onset_ns or 0) >= (first.at.first_text_ns or 0) + spoken_ns + 100 * MS


def test_a_caller_who_interrupts_text_says_how_much_had_been_spoken() -> None:
    behaviour = TurnBehaviour(barge_in_ms=660.0)
    relayed = Relayed(text_call(behaviour, TurnBehaviour()))
    relayed.run()
    cut = next(one for _, one in relayed.requests if isinstance(one, Interrupted))
    assert relayed.words.startswith(cut.heard)
    assert cut.heard
    assert len(cut.heard) < len(relayed.words)
    assert 660 <= cut.heard_ms <= 700
    first, second = relayed.turns
    assert first.behaviour is not None
    assert first.behaviour.barge_in is BargeIn.STOPPED
    assert second.status is TurnStatus.COMPLETED
    assert second.at.barge_in_onset_ns is not None
    assert second.at.audio_stopped_ns is None
    assert second.at.first_text_ns == (second.at.speech_end_ns or 0) + 300 * MS
