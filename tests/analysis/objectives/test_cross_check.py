from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.analysis.objectives.cross_check import FEWEST_BLOCKS, cross_checked
from harness.analysis.objectives.measured import Measured, measure_percentile
from harness.analysis.quantiles import Sample

Floats = NDArray[np.float64]


def checked(values: Floats, sessions: int, blocks: int | None) -> tuple[Measured, Measured]:
    """Return the 95th percentile with Woodruff's bounds, and with its checks."""
    n = len(values)
    sample = Sample(values, np.arange(n) % sessions)
    found = measure_percentile(sample, 0.95, 0.95)
    of = None if blocks is None else np.arange(n) * blocks // n
    return found, cross_checked(found, sample, of, 0.95, 0.95)


def calm(seed: int, n: int = 2_000) -> Floats:
    return 800 * np.exp(0.3 * np.random.default_rng(seed).normal(size=n))


def drifting(seed: int, n: int = 2_000, blocks: int = 40) -> Floats:
    """Return latencies that rise and fall from one stretch of the run to the next."""
    rng = np.random.default_rng(seed)
    level = np.repeat(np.exp(rng.normal(0, 0.25, blocks)), n // blocks)
    return 800 * level * np.exp(0.1 * rng.normal(size=n))


def test_of_a_calm_run_the_checks_agree_and_decide_nothing() -> None:
    alike = 0
    for seed in range(20):
        plain, found = checked(calm(seed), sessions=200, blocks=40)
        names = [check.name for check in found.checks]
        assert names == ["session bootstrap", "bootstrap of 30 s blocks"]
        alike += (found.low, found.high, found.why) == (plain.low, plain.high, "")
    assert alike >= 17


def test_what_turns_of_one_time_share_widens_the_bounds_and_is_named() -> None:
    plain, found = checked(drifting(1), sessions=200, blocks=40)
    assert plain.low is not None
    assert plain.high is not None
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low > 1.5 * (plain.high - plain.low)
    assert found.low <= plain.low
    assert found.high >= plain.high
    assert "30 s blocks" in found.why
    assert found.value == plain.value


def test_bounds_hold_the_truth_of_a_drifting_run_more_often_with_the_check() -> None:
    """The truth is P95 of all stretches that there might have been; each bound is at 95 %."""
    truth = float(np.quantile(drifting(10_000, n=400_000, blocks=8_000), 0.95))
    held = np.zeros(2)
    for seed in range(60):
        for which, found in enumerate(checked(drifting(seed), sessions=200, blocks=40)):
            assert found.high is not None
            held[which] += truth <= found.high
    assert held[1] > held[0] + 5
    assert held[1] >= 50


@pytest.mark.parametrize("blocks", [None, FEWEST_BLOCKS - 1])
def test_a_short_run_or_values_without_a_time_are_not_checked_by_time(blocks: int | None) -> None:
    _, found = checked(drifting(1), sessions=200, blocks=blocks)
    assert [check.name for check in found.checks] == ["session bootstrap"]


def test_few_sessions_are_not_drawn_again() -> None:
    _, found = checked(calm(3), sessions=15, blocks=None)
    assert found.checks == ()


def test_what_has_no_bounds_is_left_as_it_is() -> None:
    sample = Sample(calm(1), np.arange(2_000) % 200)
    found = replace(measure_percentile(sample, 0.95, 0.95), high=None)
    assert cross_checked(found, sample, None, 0.95, 0.95) is found


def test_a_bound_among_censored_turns_stays_unknown() -> None:
    values = np.sort(calm(1))
    values[-110:] = np.inf
    sample = Sample(values, np.arange(2_000) % 200, 15_000.0)
    found = measure_percentile(sample, 0.94, 0.95)
    again = cross_checked(found, sample, None, 0.94, 0.95)
    assert again.high is found.high is None
