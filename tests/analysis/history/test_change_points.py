import numpy as np
import pytest

from harness.analysis.history.change_points import change_points


def series(*levels: tuple[int, float], noise: float = 0.02, seed: int = 1) -> list[float]:
    rng = np.random.default_rng(seed)
    return [
        level * float(np.exp(noise * rng.normal())) for count, level in levels for _ in range(count)
    ]


def test_a_step_is_found_where_it_is() -> None:
    (found,) = change_points(series((12, 1_000.0), (12, 1_100.0)))
    assert found.index == 12
    assert found.ratio == pytest.approx(0.1, abs=0.02)


def test_steps_up_and_down_are_both_found() -> None:
    found = change_points(series((10, 1_000.0), (10, 1_200.0), (10, 1_000.0)))
    assert [change.index for change in found] == [10, 20]
    assert found[0].ratio > 0 > found[1].ratio


def test_noise_alone_is_rarely_a_change() -> None:
    alarms = sum(bool(change_points(series((30, 1_000.0), seed=seed))) for seed in range(200))
    assert alarms <= 10


def test_a_change_too_small_to_matter_is_left_out() -> None:
    assert change_points(series((30, 1_000.0), (30, 1_010.0), noise=0.001)) == ()
    assert len(change_points(series((30, 1_000.0), (30, 1_040.0), noise=0.001))) == 1


def test_single_runs_that_are_far_off_are_no_change_of_level() -> None:
    values = series((30, 1_000.0))
    values[11] *= 1.5
    values[20] *= 1.5
    assert change_points(values) == ()


def test_few_runs_have_no_change_and_equal_ones_neither() -> None:
    assert change_points([1_000.0] * 3 + [2_000.0] * 2) == ()
    assert change_points([1_000.0] * 20) == ()
