"""The sound of a call's turns, of whole calls on a clock we hold."""

from dataclasses import replace

from harness.model import (
    CallPlan,
    ResponseDone,
    ResponseStatus,
    SessionCreated,
    SpeechStarted,
    TurnBehaviour,
)
from harness.session import Caller, SoundKeeper, TurnSound
from tests.session.answering import FRAME, MS, WIRE_FORMAT, Answering, hang_up, utterance


def keeping(*, wants: bool = True) -> SoundKeeper:
    return SoundKeeper(1 << 24, lambda session: wants)


def caller(keeper: SoundKeeper | None, *behaviours: TurnBehaviour) -> Caller:
    names = tuple(f"u{n}" for n in range(2))
    plan = CallPlan(
        number=7,
        network="none",
        utterance_ids=names,
        think_ms=(100.0, 100.0),
        phase_ns=0,
        behaviours=behaviours,
    )
    session = Caller(
        plan,
        [utterance(name) for name in names],
        wire_format=replace(WIRE_FORMAT, keeper=keeper),
        origin_ns=0,
        scheduled_ns=0,
        backchannel=utterance("mhm", frames=2),
    )
    session.link.opening(0)
    session.link.upgraded(5 * MS)
    session.receive(SessionCreated("sess_1"), 10 * MS)
    return session


def held(keeper: SoundKeeper, *behaviours: TurnBehaviour) -> tuple[list[TurnSound], Answering]:
    session = caller(keeper, *behaviours)
    server = Answering(session)
    server.run(20_000)
    return keeper.take(), server


def test_a_turns_sound_agrees_with_its_record() -> None:
    sounds, server = held(keeping())
    assert [(sound.session_id, sound.turn_index) for sound in sounds] == [
        ("call-000007", 0),
        ("call-000007", 1),
    ]
    for sound, turn in zip(sounds, server.turns, strict=True):
        (said,), (heard,) = sound.said, sound.heard
        at = turn.at
        assert at.speech_end_ns is not None
        # The utterance's end sample is so far from its first.
        assert abs(at.speech_end_ns - said.start_ns - (10 * FRAME - 700) * 1_000 * MS // 24_000) < 2
        assert heard.spans[0].start_ns == at.first_audible_ns
        decoded, rate_hz = heard.audio.decoded()
        last = heard.spans[-1]
        assert last.start_ns + (last.end - last.first) * 10**9 // rate_hz == at.playout_end_ns
        assert len(decoded) == 6 * 2_400
        assert sound.start_ns == said.start_ns
        assert sound.end_ns >= (at.playout_end_ns or 0)


def test_an_interruption_is_heard_in_both_turns_and_what_it_cut_off_in_neither() -> None:
    keeper = keeping()
    session = caller(keeper, TurnBehaviour(barge_in_ms=100.0), TurnBehaviour())
    server = Answering(session)
    server.expect([(1_400, SpeechStarted("again"))])
    server.run(20_000)
    first, second = keeper.take()
    heard_ns = server.turns[0].at.first_audible_ns
    assert heard_ns is not None
    assert [said.utterance_id for said in first.said] == ["u0", "u1"]
    assert [said.utterance_id for said in second.said] == ["u1"]
    stopped_ns = server.turns[1].at.audio_stopped_ns
    assert stopped_ns is not None
    for sound in (first, second):
        span = sound.heard[0].spans[-1]
        ends_ns = span.start_ns + (span.end - span.first) * 10**9 // 24_000
        assert abs(ends_ns - stopped_ns) < MS
    assert len(second.heard) == 2
    assert second.heard[0].audio is first.heard[0].audio


def test_backchannels_are_said_too() -> None:
    sounds, _ = held(keeping(), TurnBehaviour(backchannels_ms=(100.0,)), TurnBehaviour())
    assert [said.utterance_id for said in sounds[0].said] == ["u0", "mhm"]
    assert sounds[0].said[1].start_ns > sounds[0].said[0].start_ns
    assert [said.utterance_id for said in sounds[1].said] == ["u1"]


def test_a_hesitation_is_told_with_its_place() -> None:
    behaviour = TurnBehaviour(hesitation_ms=60.0, hesitation_at=0.5)
    sounds, _ = held(keeping(), behaviour, TurnBehaviour())
    (said,) = sounds[0].said
    assert said.pause_samples == 3 * FRAME
    assert said.pause_at % FRAME == 0
    assert 0 < said.pause_at < 10 * FRAME


def test_nothing_is_kept_of_a_call_that_nobody_wants() -> None:
    sounds, server = held(keeping(wants=False))
    assert sounds == []
    assert len(server.turns) == 2


def test_a_turn_that_breaks_off_is_handed_over_too() -> None:
    keeper = keeping()
    session = caller(keeper)
    server = Answering(session)
    server.expect([(900, ResponseDone("r", ResponseStatus.COMPLETED))])
    server.run(900)
    hang_up(session, 950 * MS)
    (sound,) = keeper.take()
    assert sound.end_ns == 950 * MS
