import math

import numpy as np
import pytest
from scipy import stats

from harness.analysis.objectives.measured import fewest, measure_percentile, measure_share
from harness.analysis.quantiles import Sample


def independent(values: list[float], floor_ms: float | None = None) -> Sample:
    return Sample(np.array(values), np.arange(len(values)), floor_ms)


def test_the_fewest_turns_are_those_of_the_literature() -> None:
    assert [fewest(p, 0.95) for p in (0.5, 0.9, 0.95, 0.99)] == [5, 29, 59, 299]


def test_bounds_are_ranks_of_the_binomial() -> None:
    found = measure_percentile(independent([float(i) for i in range(1, 101)]), 0.5, 0.95)
    assert found.value == 50
    assert found.high is not None
    assert found.low is not None
    assert (
        stats.binom(100, 0.5).cdf(found.high - 1)
        >= 0.95
        > stats.binom(100, 0.5).cdf(found.high - 2)
    )
    assert stats.binom(100, 0.5).sf(found.low - 1) >= 0.95 > stats.binom(100, 0.5).sf(found.low)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.97])
def test_a_percentile_and_the_share_within_it_agree(share: float) -> None:
    """P95 is shown to be at most X just when 95 % are shown to be within X."""
    rng = np.random.default_rng(3)
    values = rng.lognormal(0, 0.4, 400)
    found = measure_percentile(independent(list(values)), 0.95, 0.95)
    assert found.high is not None
    just_within = measure_share(values <= found.high, np.arange(400), 0.95)
    assert just_within.low is not None
    assert just_within.low >= 0.95 - 1e-9
    below = measure_share(values < found.high, np.arange(400), 0.95)
    assert below.low is not None
    assert below.low < 0.95


def test_likeness_of_a_sessions_turns_is_printed_and_paid_for() -> None:
    rng = np.random.default_rng(4)
    sessions = np.repeat(np.arange(60), 10)
    values = np.repeat(rng.lognormal(0, 0.3, 60), 10) * rng.lognormal(0, 0.1, 600)
    alike = measure_percentile(Sample(values, sessions), 0.5, 0.95)
    assert alike.icc is not None
    assert alike.design_effect is not None
    assert alike.n_eff is not None
    assert 0.4 < alike.icc < 1
    assert alike.design_effect == pytest.approx(1 + 9 * alike.icc)
    assert alike.n_eff < 600 / alike.design_effect
    alone = measure_percentile(Sample(values, np.arange(600)), 0.5, 0.95)
    assert alone.icc is None
    assert alike.high is not None
    assert alone.high is not None
    assert alike.high > alone.high


def test_too_few_turns_bound_nothing_and_say_how_many_would() -> None:
    found = measure_percentile(independent([1.0] * 58), 0.95, 0.95)
    assert (found.value, found.low, found.high, found.needs) == (None, None, None, 59)
    one_session = measure_percentile(Sample(np.ones(80), np.zeros(80, dtype=np.int64)), 0.5, 0.95)
    assert "more than 1 session" in one_session.why
    assert measure_percentile(independent([]), 0.5, 0.95).why == "no turns were measured"


def test_alike_turns_that_are_worth_too_little_need_more_of_them() -> None:
    sessions = np.repeat(np.arange(20), 10)
    values = np.repeat(np.arange(20.0) + 1, 10)
    found = measure_percentile(Sample(values, sessions), 0.95, 0.95)
    assert found.value is None
    assert found.needs is not None
    assert found.needs > 200
    assert "worth" in found.why


def test_right_censored_turns_stay_in_the_tail() -> None:
    values = [800.0] * 90 + [math.inf] * 10
    found = measure_percentile(independent(values, 15_000.0), 0.95, 0.95)
    assert (found.value, found.low, found.high) == (None, 15_000.0, None)
    assert "above the limit of 15000 ms" in found.why
    assert found.censored == 10
    median = measure_percentile(independent(values, 15_000.0), 0.5, 0.95)
    assert (median.value, median.high) == (800.0, 800.0)


def test_a_share_of_no_turn_and_of_one_session_is_not_bounded() -> None:
    assert measure_share(np.zeros(0, dtype=np.bool_), np.zeros(0, dtype=np.int64), 0.95).why
    one = measure_share(np.array([True, False]), np.zeros(2, dtype=np.int64), 0.95)
    assert (one.value, one.low, one.high) == (0.5, None, None)
