from hypothesis import given
from hypothesis import strategies as st

from harness.session import FrameGrid

GRIDS = st.builds(
    FrameGrid,
    start_ns=st.integers(0, 10**18),
    frame_samples=st.sampled_from([240, 480, 2400]),
    rate_hz=st.just(24_000),
)


def test_a_frame_is_due_when_its_last_sample_has_been_spoken() -> None:
    grid = FrameGrid(1_000, 480, 24_000)
    assert grid.due_ns(0) == 1_000 + 20_000_000
    assert grid.due_ns(49) == 1_000 + 1_000_000_000


@given(GRIDS, st.integers(0, 10**7))
def test_a_sample_is_spoken_before_the_frame_that_carries_it_is_due(
    grid: FrameGrid, sample: int
) -> None:
    due_ns = grid.due_ns(sample // grid.frame_samples)
    assert 0 < due_ns - grid.sample_ns(sample) <= grid.frame_ns + 1


@given(GRIDS, st.integers(0, 10**6))
def test_deadlines_do_not_drift(grid: FrameGrid, frame: int) -> None:
    exact_ns = grid.start_ns + (frame + 1) * grid.frame_samples * 10**9 / grid.rate_hz
    assert abs(grid.due_ns(frame) - exact_ns) <= 128  # float's own grain at 10**18


@given(GRIDS, st.integers(0, 10**6), st.integers(1, 1000))
def test_a_slip_moves_every_later_deadline_by_whole_frames(
    grid: FrameGrid, frame: int, slots: int
) -> None:
    moved_ns = grid.slipped(slots).due_ns(frame) - grid.due_ns(frame)
    assert moved_ns == slots * grid.frame_ns
