import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.network.probe.baseline import subtract, unimpaired
from harness.network.probe.frame_flow import FrameFlow

CADENCE_MS = 20.0


def flow(
    planned_ms: list[float], own_ms: float, base_ms: list[float] | float = 40.0, noise_ms: float = 0
) -> FrameFlow:
    """What is found when the plan is kept to and every frame takes `own_ms` longer."""
    planned = np.array(planned_ms, dtype=np.float64)
    noise = noise_ms * np.random.default_rng(1).standard_normal(len(planned))
    return FrameFlow(
        upwards=True,
        extra_ms=planned + own_ms + noise,
        planned_ms=planned,
        base_ms=np.broadcast_to(np.array(base_ms, dtype=np.float64), planned.shape),
        lateness_ms=np.zeros_like(planned),
    )


STALLED = [*[0.0] * 30, 60.0, 40.0, 20.0, *[0.0] * 30]


def test_what_every_frame_takes_is_taken_off_and_stands_by_itself() -> None:
    own, extras_ms = subtract([flow(STALLED, 0.7), flow([0.0] * 50, 0.7)], CADENCE_MS)
    assert own.median_ms == pytest.approx(0.7)
    assert own.plausible
    assert [len(extra_ms) for extra_ms in extras_ms] == [63, 50]
    assert extras_ms[0] == pytest.approx(np.array(STALLED))
    assert extras_ms[1] == pytest.approx(np.zeros(50))


def test_a_busy_moment_has_no_say() -> None:
    one = flow([0.0] * 100, 0.5)
    one.extra_ms[10:30] += 50
    assert subtract([one], CADENCE_MS)[0].median_ms == pytest.approx(0.5)


def test_frames_close_to_held_ones_are_not_asked() -> None:
    one = flow([*[0.0, 0.0, 0.0, 0.0, 0.0, 90.0, 70.0] * 30], 0.5)
    held = np.flatnonzero(one.planned_ms)
    for shift in (-2, -1, 1, 2):
        near = (held + shift).clip(0, len(one.extra_ms) - 1)
        one.extra_ms[near] = np.where(one.planned_ms[near] > 0, one.extra_ms[near], 15.0)
    assert subtract([one], CADENCE_MS)[0].median_ms == pytest.approx(0.5)


@given(planned_ms=st.lists(st.sampled_from([0.0, 0.0, 0.0, 30.0]), max_size=60))
def test_nothing_is_planned_for_an_unimpaired_frame_nor_for_two_either_side(
    planned_ms: list[float],
) -> None:
    alone = unimpaired(flow(planned_ms, 0.0), CADENCE_MS)
    assert len(alone) == len(planned_ms)
    for number in range(len(planned_ms)):
        around = planned_ms[max(0, number - 2) : number + 3]
        assert alone[number] == (not any(around))


@pytest.mark.parametrize(("own_ms", "base_ms"), [(2.1, 0.0), (10.0, 40.0), (5.0, 40.0), (-0.6, 40)])
def test_an_implausible_baseline_is_not_subtracted(own_ms: float, base_ms: float) -> None:
    own, (extra_ms,) = subtract([flow(STALLED, own_ms, base_ms)], CADENCE_MS)
    assert not own.plausible
    assert own.median_ms == pytest.approx(own_ms)
    assert f"unimpaired frames took {abs(own_ms):.1f} ms" in own.why
    assert extra_ms == pytest.approx(np.array(STALLED) + own_ms)


def test_a_tenth_of_a_long_base_latency_is_plausible() -> None:
    assert subtract([flow(STALLED, 5.0, 60.0)], CADENCE_MS)[0].plausible


def test_nothing_is_added_to_stalls_where_frames_seem_quicker_than_they_can_be() -> None:
    own, (extra_ms,) = subtract([flow(STALLED, -0.2)], CADENCE_MS)
    assert own.plausible
    assert own.median_ms == pytest.approx(-0.2)
    assert extra_ms == pytest.approx(np.array(STALLED) - 0.2)


def test_where_no_frame_is_unimpaired_nothing_is_known_nor_subtracted() -> None:
    own, (extra_ms,) = subtract([flow([500.0] * 200, 0.7)], CADENCE_MS)
    assert own.median_ms is None
    assert "fewer than 20 frames were unimpaired" in own.why
    assert own.plausible
    assert extra_ms == pytest.approx(np.full(200, 500.7))


def test_a_later_base_that_is_not_set_is_found_out_whatever_the_others_are() -> None:
    bases = [10.0] * 200 + [60.0] * 60
    one = flow([0.0] * 260, 0.4, bases)
    one.extra_ms[200:] -= 50
    own, (extra_ms,) = subtract([one], CADENCE_MS)
    assert not own.plausible
    assert own.median_ms == pytest.approx(-49.6)
    assert extra_ms[:200] == pytest.approx(np.zeros(200))
    assert extra_ms[200:] == pytest.approx(np.full(60, -49.6))


def test_each_base_has_an_own_delay_of_its_own() -> None:
    one = flow([0.0] * 200, 0.2, [10.0] * 100 + [60.0] * 100)
    one.extra_ms[100:] += 0.6
    own, (extra_ms,) = subtract([one], CADENCE_MS)
    assert own.median_ms == pytest.approx(0.8)
    assert extra_ms == pytest.approx(np.zeros(200))


def test_frames_under_way_while_the_base_changes_are_not_asked() -> None:
    alone = unimpaired(flow([0.0] * 100, 0.0, [10.0] * 50 + [60.0] * 50), CADENCE_MS)
    assert not alone[44:57].any()
    assert alone[:44].all()
    assert alone[57:].all()


def test_noise_leaves_the_mean_of_stalls_what_it_was() -> None:
    own, (extra_ms,) = subtract([flow(STALLED * 20, 0.8, noise_ms=0.3)], CADENCE_MS)
    assert own.median_ms == pytest.approx(0.8, abs=0.05)
    assert extra_ms.mean() == pytest.approx(np.mean(STALLED), abs=0.05)
