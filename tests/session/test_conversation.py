"""Scripted calls on a clock we hold: what is acted out, and what it leaves in the records."""

import base64
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dialects.base64_audio import Base64Audio
from harness.errors import Fault, Party, Phase
from harness.model import (
    AudioDelta,
    AudioFormat,
    BargeIn,
    CallPlan,
    Event,
    PlaybackCleared,
    Request,
    RequestResponse,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    SessionCreated,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    ToolResult,
    Truncate,
    TurnBehaviour,
    TurnKind,
    TurnRecord,
    TurnStatus,
)
from harness.session import Caller, EncodedUtterance, WireFormat

MS = 1_000_000
FRAME = 480
SILENCE, BACKCHANNEL = b"silence", b"mhm"
COMPLETED, CANCELLED = ResponseStatus.COMPLETED, ResponseStatus.CANCELLED
WIRE_FORMAT = WireFormat(
    silence=SILENCE,
    frame_samples=FRAME,
    audio=AudioFormat(24_000),
    new_decoder=Base64Audio,
    limit_ns=3_000 * MS,
)
THINK_MS = 100.0


def audio(ms: int) -> bytes:
    samples = np.full(24 * ms, 6_000, dtype="<i2")
    samples[1::2] = -6_000
    return base64.b64encode(samples.tobytes())


def utterance(name: str, frames: int = 10) -> EncodedUtterance:
    return EncodedUtterance(
        utterance_id=name,
        messages=[f"{name}-{n}".encode() for n in range(frames)],
        onset_sample=2 * FRAME,
        end_sample=frames * FRAME - 1,
    )


class Held:
    """A call on the test's clock; what a server says is given as milliseconds and events."""

    def __init__(self, *behaviours: TurnBehaviour, awake: bool = False) -> None:
        names = tuple(f"u{n}" for n in range(len(behaviours)))
        plan = CallPlan(
            number=7,
            network="none",
            utterance_ids=names,
            think_ms=(THINK_MS,) * len(names),
            behaviours=behaviours,
        )
        backchannel = EncodedUtterance(
            utterance_id="mhm", messages=[BACKCHANNEL] * 3, onset_sample=0, end_sample=1_000
        )
        utterances = [utterance(name) for name in names]
        self.session = Caller(
            plan,
            utterances,
            wire_format=WIRE_FORMAT,
            origin_ns=0,
            scheduled_ns=0,
            backchannel=backchannel,
        )
        self.session.link.opening(0)
        self.session.link.upgraded(1)
        self.session.receive(SessionCreated("sess"), 0)
        self.awake = awake
        self.sent: list[tuple[int, bytes]] = []
        self.requests: list[tuple[int, Request]] = []
        self.turns: list[TurnRecord] = []

    def run(self, *said: tuple[int, Event], until_ms: int = 30_000) -> "Held":
        """Hold the call until it ends or `until_ms`."""
        pending = sorted(said, key=lambda one: one[0])
        session = self.session
        while not session.finished and session.due_ns is not None:
            now_ns = session.due_ns
            if now_ns > until_ms * MS:
                break
            while pending and pending[0][0] * MS <= now_ns:
                at_ms, event = pending.pop(0)
                session.receive(event, at_ms * MS)
                self._take(at_ms * MS)
            if self.awake:
                session._silent_until_ns = 0
            message, _ = session.tick(now_ns)
            self.sent.append((now_ns // MS, message))
            self._take(now_ns)
        return self

    def _take(self, now_ns: int) -> None:
        assert self.session.has_news or not (
            self.session.conversation.records or self.session.conversation.requests
        )
        if self.session.has_news:
            self.requests += [(now_ns // MS, one) for one in self.session.take_requests()]
            self.turns += self.session.take_turns()
        assert not self.session.has_news

    def sent_at(self, message: bytes) -> int:
        """Return when a message was sent first, in milliseconds."""
        return next(at_ms for at_ms, sent in self.sent if sent == message)


def response(at_ms: int, length_ms: int, name: str = "r1") -> tuple[tuple[int, Event], ...]:
    """A response that is sent in one go."""
    return (
        (at_ms - 10, ResponseCreated(name)),
        (at_ms, AudioDelta(audio(length_ms), name, f"item-{name}")),
        (at_ms + 5, ResponseDone(name, COMPLETED)),
    )


# The first utterance is spoken from 100 to 300 ms; its speech from 140 on.
PLAIN = TurnBehaviour()


def test_the_caller_cuts_in_at_the_offset_without_thinking_and_the_response_is_truncated() -> None:
    held = Held(TurnBehaviour(barge_in_ms=500), PLAIN)
    held.run(*response(800, 2_000), (1_400, SpeechStarted("u1")), *response(2_300, 100, "r2"))
    # Frames of 20 ms, 40 ms of silence before the speech: first frame from 1260, speech from 1300.
    assert held.sent_at(b"u1-0") == 1_280
    assert held.requests == [(1_400, Truncate("item-r1", 600))]
    first, second = held.turns
    assert (first.status, first.kind) == (TurnStatus.COMPLETED, TurnKind.FIRST)
    assert first.behaviour is not None
    assert first.behaviour.barge_in is BargeIn.STOPPED
    assert (second.status, second.kind) == (TurnStatus.COMPLETED, TurnKind.BARGE_IN)
    assert second.at.barge_in_onset_ns == 1_300 * MS
    assert second.at.audio_stopped_ns == second.at.barge_in_ack_ns == 1_400 * MS
    assert second.at.first_audible_ns == 2_300 * MS
    assert held.session.finished


def test_a_response_that_is_over_by_then_is_not_interrupted_and_the_record_says_so() -> None:
    held = Held(TurnBehaviour(barge_in_ms=500), PLAIN).run(
        *response(800, 300), *response(2_000, 100, "r2")
    )
    assert held.sent_at(b"u1-0") >= 800 + 300 + THINK_MS
    first, second = held.turns
    assert first.behaviour is not None
    assert first.behaviour.barge_in is BargeIn.MISSED
    assert (second.kind, second.behaviour) == (TurnKind.LATER, None)
    assert second.at.barge_in_onset_ns is None


def test_an_interruption_may_itself_be_interrupted() -> None:
    cut_in = TurnBehaviour(barge_in_ms=300)
    held = Held(cut_in, cut_in, PLAIN)
    held.run(
        *response(800, 2_000),
        (1_200, SpeechStarted()),
        *response(1_900, 2_000, "r2"),
        (2_300, SpeechStarted()),
        *response(3_000, 100, "r3"),
    )
    assert [turn.kind for turn in held.turns] == ["first", "barge_in", "barge_in"]
    assert [turn.at.audio_stopped_ns for turn in held.turns] == [None, 1_200 * MS, 2_300 * MS]
    assert [cut for _, cut in held.requests] == [Truncate("item-r1", 400), Truncate("item-r2", 400)]


def test_a_break_while_both_speak_leaves_both_turns() -> None:
    held = Held(TurnBehaviour(barge_in_ms=500), PLAIN).run(*response(800, 2_000), until_ms=1_350)
    record = held.session.closed(
        1_350 * MS, Fault(Party.THEIRS, held.session.phase(), "close_1011"), 1011
    )
    first, second = held.session.take_turns()
    assert (first.status, second.status) == (TurnStatus.COMPLETED, TurnStatus.CLOSED)
    assert first.behaviour is not None
    assert first.behaviour.barge_in is BargeIn.CUT
    assert record.turns_done == 2


def test_backchannels_are_sent_into_the_response_and_are_no_turn_of_ours() -> None:
    held = Held(TurnBehaviour(backchannels_ms=(200, 600))).run(*response(800, 1_000))
    backchannels = [at_ms for at_ms, message in held.sent if message == BACKCHANNEL]
    assert backchannels == [1_020, 1_040, 1_060, 1_420, 1_440, 1_460]
    (turn,) = held.turns
    assert turn.behaviour is not None
    assert (turn.behaviour.backchannels, turn.behaviour.backchannels_taken) == (2, 0)
    assert (turn.counts.samples_unheard, held.requests) == (0, [])
    assert turn.counts.frames_sent == 10, "backchannels are no part of the utterance"


def test_a_backchannel_is_not_cut_short_by_the_end_of_the_response() -> None:
    held = Held(TurnBehaviour(backchannels_ms=(450,)), PLAIN).run(*response(800, 500))
    assert [message for _, message in held.sent].count(BACKCHANNEL) == 3


@pytest.mark.parametrize("word", [SpeechStarted("x"), ResponseDone("r1", CANCELLED)])
def test_a_backchannel_that_is_taken_for_a_turn_is_counted_and_its_answer_heard(
    word: Event,
) -> None:
    held = Held(TurnBehaviour(backchannels_ms=(200,)), PLAIN)
    created, sounds, _ = response(800, 2_000)
    held.run(
        created, sounds, (1_100, word), *response(1_700, 300, "r2"), *response(2_900, 99, "r3")
    )
    turn = held.turns[0]
    assert turn.behaviour is not None
    assert (turn.behaviour.backchannels, turn.behaviour.backchannels_taken) == (1, 1)
    assert turn.counts.samples_unheard == 1_700 * 24
    assert turn.at.playout_end_ns == 2_000 * MS
    assert held.requests == [(1_100, Truncate("item-r1", 300))]
    assert held.turns[1].at.first_audible_ns == 2_900 * MS


def test_a_hesitating_caller_is_answered_after_the_whole_utterance() -> None:
    held = Held(TurnBehaviour(hesitation_ms=200, hesitation_at=0.5)).run(*response(1_100, 100))
    (turn,) = held.turns
    at_ms = [held.sent_at(f"u0-{n}".encode()) for n in range(10)]
    gaps = [later - sooner for sooner, later in pairwise(at_ms)]
    assert sorted(gaps) == [20] * 8 + [220]
    # The frame that ends speech goes out at the end of its interval.
    assert turn.at.speech_end_ns is not None
    assert turn.at.speech_end_ns == pytest.approx(at_ms[-1] * MS, abs=0.1 * MS)
    assert turn.status is TurnStatus.COMPLETED
    assert turn.behaviour is not None
    assert turn.behaviour.hesitation_ms == 200


def test_an_answer_within_the_pause_is_premature_and_stopped_when_the_caller_goes_on() -> None:
    held = Held(TurnBehaviour(hesitation_ms=600, hesitation_at=0.5))
    early = [(at, event) for at, event in response(500, 2_000)]
    held.run(
        (400, SpeechStopped()), *early, (900, SpeechStarted()), *response(1_700, 100, "r2")
    )  # fmt: skip
    (turn,) = held.turns
    assert turn.status is TurnStatus.PREMATURE
    assert turn.at.first_audible_ns == 500 * MS
    assert turn.at.speech_end_ns is not None
    assert turn.at.speech_end_ns > 500 * MS
    assert held.requests == [(900, Truncate("item-r1", 400))]
    assert turn.at.playout_end_ns == 1_800 * MS, "the real answer is heard too, on its own"


def test_an_answer_that_came_too_early_is_not_interrupted_once_more() -> None:
    behaviours = TurnBehaviour(hesitation_ms=600, hesitation_at=0.5, barge_in_ms=100)
    held = Held(behaviours, PLAIN)
    held.run(*response(500, 2_000), (880, SpeechStarted()), *response(1_700, 100, "r2"))
    assert held.turns[0].behaviour is not None
    assert held.turns[0].behaviour.barge_in is BargeIn.MISSED
    assert held.sent_at(b"u1-0") >= 1_800 + THINK_MS


TOOL = TurnBehaviour(expected_tool="look_up", tool_ms=300)


def call(at_ms: int, name: str = "look_up", response: str = "r1") -> tuple[int, Event]:
    return at_ms, ToolCall("c1", name, "{}", response)


@pytest.mark.parametrize("preamble", [False, True])
def test_a_tool_is_answered_and_the_answer_is_what_ends_the_gap(preamble: bool) -> None:
    held = Held(TOOL, PLAIN)
    said: list[tuple[int, Event]] = [(790, ResponseCreated("r1"))]
    said += [(800, AudioDelta(audio(700), "r1", "i1"))] if preamble else []
    said += [call(900), (910, ResponseDone("r1", COMPLETED))]
    held.run(*said, *response(2_000, 200, "r2"), *response(3_000, 100, "r3"))
    assert held.requests == [(1_200, ToolResult("c1", '{"ok":true}')), (1_200, RequestResponse())]
    turn, after = held.turns
    assert (turn.status, turn.kind) == (TurnStatus.COMPLETED, TurnKind.TOOL)
    assert turn.at.tool_call_ns == 900 * MS
    assert turn.at.tool_result_sent_ns == 1_200 * MS
    assert turn.at.answer_audible_ns == 2_000 * MS
    assert turn.at.first_audible_ns == (800 if preamble else 2_000) * MS
    assert turn.at.playout_end_ns == 2_200 * MS
    assert turn.behaviour is not None
    assert (turn.behaviour.expected_tool, turn.behaviour.tools) == ("look_up", ("look_up",))
    assert (after.kind, after.status) == (TurnKind.LATER, TurnStatus.COMPLETED)


def test_what_is_still_said_before_the_call_is_heard_out_before_the_answer() -> None:
    held = Held(TOOL)
    held.run(
        (790, ResponseCreated("r1")),
        (800, AudioDelta(audio(1_500), "r1", "i1")),
        call(900),
        (910, ResponseDone("r1", COMPLETED)),
        *response(1_400, 200, "r2"),
    )
    (turn,) = held.turns
    assert turn.at.answer_audible_ns == 2_300 * MS
    assert turn.at.playout_end_ns == 2_500 * MS


@pytest.mark.parametrize("preamble", [False, True])
def test_a_tool_whose_answer_never_comes_is_no_completed_turn(preamble: bool) -> None:
    held = Held(TOOL, PLAIN)
    said = [(800, AudioDelta(audio(300), "r1", "i1"))] if preamble else []
    held.run((790, ResponseCreated("r1")), *said, call(900), (910, ResponseDone("r1", COMPLETED)))
    turn, after = held.turns
    assert after.status is TurnStatus.NO_REPLY
    assert (turn.status, turn.kind) == (TurnStatus.TIMEOUT, TurnKind.TOOL)
    assert turn.fault is not None
    assert turn.fault.code == "no_answer"
    assert turn.at.answer_audible_ns is None
    assert held.session.finished


def test_a_slow_tool_of_ours_does_not_make_the_answer_late() -> None:
    """The limit counts from the result, which went out after the caller would have given up."""
    held = Held(TurnBehaviour(expected_tool="look_up", tool_ms=4_000))
    held.run(call(900), (910, ResponseDone("r1", COMPLETED)), *response(6_000, 200, "r2"))
    (turn,) = held.turns
    assert turn.at.tool_result_sent_ns == 4_900 * MS > WIRE_FORMAT.limit_ns
    assert turn.at.answer_audible_ns == 6_000 * MS
    assert (turn.status, turn.kind) == (TurnStatus.COMPLETED, TurnKind.TOOL)


def test_an_expected_tool_that_is_not_used_is_told() -> None:
    held = Held(TOOL).run(*response(800, 200))
    (turn,) = held.turns
    assert (turn.status, turn.kind) == (TurnStatus.COMPLETED, TurnKind.FIRST)
    assert turn.behaviour is not None
    assert (turn.behaviour.expected_tool, turn.behaviour.tools) == ("look_up", ())


def test_a_call_that_nobody_declared_is_answered_by_nobody() -> None:
    held = Held(PLAIN)
    held.run((790, ResponseCreated("r1")), call(900), (910, ResponseDone("r1", COMPLETED)))
    (turn,) = held.turns
    assert held.requests == []
    assert (turn.status, turn.kind) == (TurnStatus.NO_REPLY, TurnKind.TOOL)
    assert turn.fault is not None
    assert turn.fault.code == "tool_call"


def test_an_interruption_waits_for_the_answer() -> None:
    held = Held(TurnBehaviour(expected_tool="look_up", tool_ms=300, barge_in_ms=200), PLAIN)
    held.run(
        (790, ResponseCreated("r1")),
        (800, AudioDelta(audio(100), "r1", "i1")),
        call(805),
        (910, ResponseDone("r1", COMPLETED)),
        *response(2_000, 2_000, "r2"),
        (2_300, SpeechStarted()),
        *response(3_000, 100, "r3"),
    )
    assert held.turns[1].at.barge_in_onset_ns == 2_200 * MS
    assert held.turns[1].at.audio_stopped_ns == 2_300 * MS


NAMES = st.sampled_from(["", "r1", "r2", "r3", "r4"])
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(SpeechStarted),
    st.builds(SpeechStopped),
    st.builds(ResponseCreated, NAMES),
    st.builds(AudioDelta, st.sampled_from([audio(40), audio(600)]), NAMES, NAMES),
    st.builds(ToolCall, st.sampled_from(["c1", "c2"]), st.just("f"), st.just("{}"), NAMES),
    st.builds(ResponseDone, NAMES, st.sampled_from(ResponseStatus)),
)
BEHAVIOURS = st.builds(
    TurnBehaviour,
    barge_in_ms=st.none() | st.floats(0, 900),
    backchannels_ms=st.lists(st.floats(0, 900), max_size=2).map(tuple),
    hesitation_ms=st.sampled_from([0.0, 200.0]),
    expected_tool=st.sampled_from(["", "f"]),
    tool_ms=st.floats(0, 300),
)


@settings(max_examples=150)
@given(
    st.lists(BEHAVIOURS, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 9_000), EVENTS), max_size=25),
)
def test_sleeping_until_something_can_happen_changes_nothing(
    behaviours: Sequence[TurnBehaviour], said: list[tuple[int, Event]]
) -> None:
    asleep, awake = Held(*behaviours), Held(*behaviours, awake=True)
    asleep.run(*said, until_ms=25_000)
    awake.run(*said, until_ms=25_000)
    assert asleep.sent == awake.sent
    assert asleep.requests == awake.requests
    assert asleep.turns == awake.turns
    assert asleep.session.finished, "every call ends"
    assert len(asleep.turns) <= len(behaviours)
    indices = [turn.turn_index for turn in asleep.turns]
    assert indices == sorted(set(indices)), "every turn is written down once, in order"
    assert asleep.session.phase() in Phase


def test_audio_in_a_format_that_nobody_here_knows_has_no_latency_and_names_the_server() -> None:
    held = Held(PLAIN)
    held.session.receive(SessionConfigured("", output_unknown='"audio/opus"'), 1)
    (turn,) = held.run(*response(800, 500)).turns
    assert turn.status is TurnStatus.FAILED
    assert turn.at.first_audible_ns is None
    assert turn.fault is not None
    assert (turn.fault.party, turn.fault.code) == (Party.THEIRS, "undecodable_audio")


def unnamed(at_ms: int, length_ms: int) -> tuple[int, Event]:
    """Audio of an application behind a carrier, which names nothing."""
    return at_ms, AudioDelta(audio(length_ms))


def test_what_an_agent_takes_back_after_an_interruption_stops_there() -> None:
    held = Held(TurnBehaviour(barge_in_ms=500), PLAIN)
    held.run(unnamed(800, 2_000), (1_400, PlaybackCleared()), unnamed(2_300, 100))
    first, second = held.turns
    assert first.behaviour is not None
    assert first.behaviour.barge_in is BargeIn.STOPPED
    assert second.at.audio_stopped_ns == second.at.barge_in_ack_ns == 1_400 * MS
    assert second.at.first_audible_ns == 2_300 * MS
    assert held.requests == []


def test_an_agent_that_takes_back_its_words_without_being_interrupted_broke_off() -> None:
    held = Held(PLAIN).run(unnamed(800, 2_000), (1_400, PlaybackCleared()))
    (turn,) = held.turns
    assert turn.status is TurnStatus.BROKEN_OFF
    assert turn.fault is not None
    assert turn.fault.code == "cleared"
    assert turn.at.first_audible_ns == 800 * MS


def test_taking_back_what_was_played_changes_nothing() -> None:
    held = Held(PLAIN).run((400, PlaybackCleared()), unnamed(800, 300), (1_200, PlaybackCleared()))
    (turn,) = held.turns
    assert (turn.status, turn.fault) == (TurnStatus.COMPLETED, None)
