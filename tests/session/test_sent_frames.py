"""What went out of an utterance."""

from harness.session.sent_frames import SentFrames


def test_the_last_frame_the_end_of_speech_and_the_latest_frame_are_kept() -> None:
    sending = SentFrames()
    assert (sending.last_ns, sending.end_ns, sending.late_max_ns) == (None, None, 0)
    sending.note(100, 7, frames=3, samples=1_440)
    sending.note(200, 3, frames=1, samples=480, ends_speech=True)
    sending.note(300, 5, frames=1, samples=480)
    assert (sending.frames, sending.samples) == (5, 2_400)
    assert (sending.last_ns, sending.end_ns, sending.late_max_ns) == (300, 200, 7)


def test_the_end_of_speech_is_late_against_the_plan_of_the_turn() -> None:
    sending = SentFrames()
    assert sending.endpoint_late_ns(150) is None
    sending.note(200, 3, frames=1, samples=480, ends_speech=True)
    assert sending.endpoint_late_ns(150) == 50
    assert sending.endpoint_late_ns(230) == 0, "a frame that left early is not late"


def test_late_silence_counts_as_much_as_a_late_end_once_speech_has_ended() -> None:
    sending = SentFrames()
    sending.awaited(90)
    sending.note(200, 50, frames=1, samples=480, ends_speech=True)
    assert sending.endpoint_late_ns(150) == 50, "what was late before does not delay a decision"
    sending.awaited(70)
    sending.awaited(20)
    assert sending.endpoint_late_ns(150) == 70
