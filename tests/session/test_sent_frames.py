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
    assert sending.end_late_ns(150) is None
    sending.note(200, 3, frames=1, samples=480, ends_speech=True)
    assert sending.end_late_ns(150) == 50
    assert sending.end_late_ns(230) == 0, "a frame that left early is not late"
