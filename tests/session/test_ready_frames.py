"""Frames that are known ahead."""

from hypothesis import given
from hypothesis import strategies as st

from harness.session.ready_frames import ReadyFrames


def take(ahead: ReadyFrames, times: int) -> list[bytes]:
    taken = (next(ahead.frames, None) for _ in range(times))
    return [frame for frame in taken if frame is not None]


@given(st.integers(0, 9), st.lists(st.integers(0, 4), max_size=5), st.booleans())
def test_every_frame_that_was_taken_is_counted_once(
    planned: int, looks: list[int], silence: bool
) -> None:
    ahead = ReadyFrames()
    if silence:
        ahead.repeat(b"silence", planned)
    else:
        ahead.queue([b"%d" % number for number in range(planned)])
    taken, counted = 0, 0
    for times in looks:
        taken += len(take(ahead, times))
        assert ahead.pending() == taken - counted
        counted += ahead.sent()
        assert ahead.pending() == 0
    assert counted == taken == min(planned, sum(looks))


def test_they_come_in_order_and_another_plan_takes_their_place() -> None:
    ahead = ReadyFrames()
    ahead.queue([b"a", b"b", b"c"])
    assert take(ahead, 2) == [b"a", b"b"]
    ahead.repeat(b"silence", 2)
    assert take(ahead, 5) == [b"silence", b"silence"]


def test_nothing_is_left_of_a_plan_that_was_dropped() -> None:
    ahead = ReadyFrames()
    ahead.queue([b"a", b"b"])
    take(ahead, 1)
    ahead.drop()
    assert (take(ahead, 1), ahead.sent()) == ([], 0)
