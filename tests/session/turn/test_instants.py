import pytest

from harness.dialects.base64_audio import Base64Audio
from harness.model import AudioFormat, InputCommitted, SpeechStopped, TurnKind
from harness.session.playout.response_audio import ResponseAudio
from harness.session.sent_frames import SentFrames
from harness.session.turn.barge_in import BargeInEffect
from harness.session.turn.instants import InstantNotes
from harness.session.turn.planned_speech import PlannedSpeech

ORIGIN_NS = 1_000
SPOKEN = PlannedSpeech(
    session_id="s",
    turn_index=0,
    network="none",
    utterance_id="u",
    onset_ns=2_000,
    end_ns=3_000,
    end_sample=1,
    end_due_ns=3_100,
    limit_ns=9_000,
)


def audio() -> ResponseAudio:
    return ResponseAudio(AudioFormat(24_000), Base64Audio)


def decided(notes: InstantNotes) -> int | None:
    found = notes.instants(0, SPOKEN, SentFrames(), audio())
    return found.server_endpoint_ns


def test_the_first_time_is_kept() -> None:
    notes = InstantNotes({})
    assert "first_text_ns" not in notes
    notes.first("first_text_ns", 5)
    notes.first("first_text_ns", 6)
    assert "first_text_ns" in notes
    assert notes.at == {"first_text_ns": 5}


def test_the_last_decision_counts_and_a_commit_only_repeats_it() -> None:
    notes = InstantNotes({})
    notes.decided(SpeechStopped(), 10)
    notes.decided(InputCommitted(), 11)
    assert decided(notes) == 10
    notes.decided(SpeechStopped(), 20)
    notes.decided(InputCommitted(), 21)
    assert decided(notes) == 20


def test_a_commit_alone_is_a_decision() -> None:
    notes = InstantNotes({})
    notes.decided(InputCommitted(), 11)
    assert decided(notes) == 11


def test_a_decision_is_withdrawn_when_the_caller_is_heard_again() -> None:
    notes = InstantNotes({})
    notes.decided(SpeechStopped(), 10)
    notes.resumed()
    assert decided(notes) is None


def test_the_decision_that_was_answered_stays_whatever_comes_later() -> None:
    notes = InstantNotes({})
    notes.decided(SpeechStopped(), 10)
    notes.answers()
    notes.resumed()
    notes.decided(SpeechStopped(), 30)
    assert decided(notes) == 10
    notes.answers()
    assert decided(notes) == 30
    notes.resumed()
    notes.answers()
    assert decided(notes) is None, "no decision preceded the latest response"


def test_of_a_withdrawn_response_only_the_tool_call_is_left() -> None:
    notes = InstantNotes({})
    notes.decided(SpeechStopped(), 10)
    notes.answers()
    for name in ("response_created_ns", "first_text_ns", "tool_call_ns"):
        notes.first(name, 20)
    notes.withdraw()
    assert notes.at == {"tool_call_ns": 20}


@pytest.mark.parametrize(
    ("index", "tool", "interrupts", "kind"),
    [
        (0, False, False, TurnKind.FIRST),
        (3, False, False, TurnKind.LATER),
        (3, False, True, TurnKind.BARGE_IN),
        (0, True, False, TurnKind.TOOL),
        (3, True, True, TurnKind.TOOL),
    ],
)
def test_the_stratum_of_a_turn(index: int, tool: bool, interrupts: bool, kind: TurnKind) -> None:
    notes = InstantNotes({})
    if tool:
        notes.first("tool_call_ns", 1)
    assert notes.kind(index, interrupts=interrupts) is kind


def test_everything_counts_from_run_start_and_what_is_not_known_stays_so() -> None:
    notes = InstantNotes({"session_ready_ns": 1_500, "session_open_start_ns": None})
    notes.first("response_created_ns", 4_000)
    sending = SentFrames()
    sending.note(3_200, 0, frames=1, samples=480, ends_speech=True)
    sending.note(3_300, 0, frames=1, samples=480)
    at = notes.instants(ORIGIN_NS, SPOKEN, sending, audio())
    assert (at.session_ready_ns, at.session_open_start_ns) == (500, None)
    assert (at.speech_onset_ns, at.speech_end_ns) == (1_000, 2_000)
    assert (at.speech_end_sent_ns, at.last_frame_sent_ns) == (2_200, 2_300)
    assert at.response_created_ns == 3_000
    assert (at.first_audible_ns, at.playout_end_ns, at.barge_in_onset_ns) == (None, None, None)


def test_an_interruption_adds_its_own() -> None:
    effect = BargeInEffect(ack_ns=2_100, talked_over_ns=2_500)
    at = InstantNotes({}).instants(ORIGIN_NS, SPOKEN, SentFrames(), audio(), effect)
    assert (at.barge_in_onset_ns, at.barge_in_ack_ns) == (1_000, 1_100)
    assert (at.audio_stopped_ns, at.talked_over_ns) == (None, 1_500)


def test_an_onset_in_doubt_is_no_instant() -> None:
    heard = audio()
    heard.audible_ns = heard.answer_ns = 5_000
    assert InstantNotes({}).instants(0, SPOKEN, SentFrames(), heard).first_audible_ns == 5_000
    heard.doubt = "noise"
    at = InstantNotes({}).instants(0, SPOKEN, SentFrames(), heard)
    assert (at.first_audible_ns, at.answer_audible_ns) == (None, None)
