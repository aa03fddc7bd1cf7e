"""A caller's frames against the clock."""

from harness.session.pacing import Pacing

MS = 1_000_000


def pacing(from_ns: int = 0) -> Pacing:
    begun = Pacing(480, 24_000)
    begun.begin(from_ns)
    return begun


def take(begun: Pacing, frames: int, late_ns: int) -> None:
    """Take frames from what is ahead, as an engine does."""
    for _ in range(frames):
        next(begun.ahead.frames)
    begun.ahead.late_max_ns = max(begun.ahead.late_max_ns, late_ns)


def test_the_grid_begins_at_a_whole_millisecond_and_the_first_frame_ends_a_frame_later() -> None:
    assert pacing(3 * MS + 1).due_ns == 24 * MS


def test_frames_taken_ahead_move_what_is_due_and_tell_how_late_they_were() -> None:
    begun = pacing()
    begun.ahead.repeat(b"silence", 10)
    take(begun, 3, 2 * MS)
    assert begun.due_ns == 20 * MS
    assert begun.count() == (3, 2 * MS)
    assert (begun.due_ns, begun.frames, begun.late_max_ns) == (80 * MS, 3, 2 * MS)
    take(begun, 1, 1 * MS)
    assert begun.count() == (1, 1 * MS)
    assert begun.late_max_ns == 2 * MS
    assert begun.count() == (0, 0)


def test_a_frame_that_is_a_frame_late_moves_the_grid() -> None:
    begun = pacing()
    assert begun.take_up(65 * MS) == 45 * MS
    assert begun.sent(1) == 80 * MS
    assert (begun.slipped, begun.late_max_ns) == (2, 45 * MS)


def test_a_new_connection_counts_its_audio_from_nothing() -> None:
    begun = pacing()
    begun.take_up(20 * MS)
    begun.sent(1)
    begun.begin(500 * MS)
    frame, grid = begun.position()
    assert (frame, grid.start_ns, begun.due_ns, begun.frames) == (0, 500 * MS, 520 * MS, 1)


def test_nothing_is_due_once_the_connection_is_gone() -> None:
    begun = pacing()
    begun.end()
    assert begun.due_ns is None
