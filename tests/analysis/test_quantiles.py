import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.quantiles import Sample, estimate, value_at

finite = st.floats(-5_000, 20_000)


def independent(values: list[float], floor_ms: float | None = None) -> Sample:
    return Sample(np.array(values, dtype=np.float64), np.arange(len(values)), floor_ms)


@given(st.lists(finite, min_size=6, max_size=200))
def test_the_median_is_a_value_that_somebody_had_and_lies_in_its_interval(
    values: list[float],
) -> None:
    found = estimate(independent(values), 0.5)
    assert found.value_ms == sorted(values)[math.ceil(len(values) / 2) - 1]
    assert found.low_ms is not None
    assert found.high_ms is not None
    assert min(values) <= found.low_ms <= found.value_ms <= found.high_ms <= max(values)


@given(st.lists(finite, min_size=60, max_size=120), st.randoms(use_true_random=False))
def test_the_order_of_the_turns_does_not_matter(values: list[float], chance: st.DataObject) -> None:
    shuffled = list(values)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert estimate(independent(values), 0.95) == estimate(independent(shuffled), 0.95)


def test_rank_is_not_moved_by_a_binary_fraction() -> None:
    values = [float(v) for v in range(1, 101)]
    assert estimate(independent(values), 0.9).value_ms == 90
    assert estimate(independent([float(v) for v in range(1, 301)]), 0.95).value_ms == 285


@pytest.mark.parametrize(("p", "needed"), [(0.5, 6), (0.9, 29), (0.95, 59), (0.99, 299)])
def test_a_percentile_appears_with_the_first_sample_that_supports_it(p: float, needed: int) -> None:
    values = [float(v) for v in range(needed)]
    assert estimate(independent(values), p).value_ms is not None
    short = estimate(independent(values[1:]), p)
    assert (short.value_ms, short.low_ms, short.high_ms) == (None, None, None)
    assert short.needs_turns == needed
    assert short.why == f"needs {needed} turns, has {needed - 1}"


def test_turns_that_are_alike_within_sessions_support_less() -> None:
    sessions = np.repeat(np.arange(20), 5)
    found = estimate(Sample(sessions.astype(np.float64), sessions), 0.95)
    assert found.value_ms is None
    assert found.n == 100
    assert found.n_eff is not None
    assert found.n_eff < 30
    assert found.needs_turns is not None
    assert found.needs_turns > 100
    assert "100 in 20 sessions are worth" in found.why


def test_one_session_supports_nothing() -> None:
    sample = Sample(np.arange(500.0), np.zeros(500, dtype=np.int64))
    found = estimate(sample, 0.5)
    assert found.value_ms is None
    assert "more than 1 session" in found.why


def test_no_turn_is_no_number() -> None:
    found = estimate(independent([]), 0.5)
    assert found.value_ms is None
    assert found.n_eff is None
    assert found.why == "no turns were measured"


def test_censored_turns_stay_in_the_tail() -> None:
    heard = [float(v) for v in range(90)]
    found = estimate(independent(heard + [math.inf] * 10, 15_000.0), 0.95)
    assert found.value_ms is None
    assert found.high_ms is None
    assert found.low_ms is not None
    assert found.why == "the percentile lies above the limit of 15000 ms"
    assert estimate(independent(heard), 0.95).value_ms == 85


def test_a_bound_among_the_censored_is_named_and_the_percentile_kept() -> None:
    heard = [float(v) for v in range(98)]
    found = estimate(independent(heard + [math.inf] * 2, 15_000.0), 0.95)
    assert found.value_ms == 94
    assert found.high_ms is None
    assert found.why == "its upper bound lies above the limit of 15000 ms"


def test_when_nobody_was_heard_the_limit_is_the_lower_bound() -> None:
    found = estimate(independent([math.inf] * 20, 15_000.0), 0.5)
    assert (found.value_ms, found.low_ms, found.high_ms) == (None, 15_000.0, None)


def test_premature_turns_keep_their_sign() -> None:
    assert estimate(independent([-300.0] * 5 + [500.0] * 4), 0.5).value_ms == -300


@pytest.mark.parametrize("bad", [math.nan, -math.inf])
def test_what_is_not_a_latency_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="latency"):
        independent([1.0, bad])


def test_censored_values_without_their_floor_are_refused() -> None:
    with pytest.raises(ValueError, match="floor"):
        independent([1.0, math.inf])


@pytest.mark.parametrize("p", [0.5, 0.95])
@pytest.mark.parametrize("icc", [0.0, 0.3])
def test_intervals_cover_the_truth_as_often_as_they_promise(p: float, icc: float) -> None:
    # 300 samples of 40 sessions x 8 turns, log-normal. Coverage of exactly 95 % has a standard
    # error of 1.3 points here; below 91.5 % it would fall once in 250 seeds, and this seed is
    # fixed. Without the clustering, an ICC of 0.3 brings it down to 81 % (P50) and 87 % (P95).
    rng = np.random.default_rng(20260107)
    deviation, groups, turns = 0.35, 40, 8
    truth = math.exp(deviation * NormalDist().inv_cdf(p))
    sessions = np.repeat(np.arange(groups), turns)
    covered = 0
    for _ in range(300):
        between = np.repeat(rng.normal(0, math.sqrt(icc) * deviation, groups), turns)
        within = rng.normal(0, math.sqrt(1 - icc) * deviation, groups * turns)
        found = estimate(Sample(np.exp(between + within), sessions), p)
        assert found.low_ms is not None
        assert found.high_ms is not None
        covered += found.low_ms <= truth <= found.high_ms
    assert covered / 300 >= 0.915


def test_ranks_between_those_of_the_values_lie_between_them() -> None:
    ordered = np.array([1.0, 2.0, 4.0, np.inf])
    assert value_at(ordered, 2.0) == 2.0
    assert value_at(ordered, 2.5) == 3.0
    assert (value_at(ordered, 0.2), value_at(ordered, 9.0)) == (1.0, np.inf)
    # Nothing lies between a number and what is only known to be larger.
    assert value_at(ordered, 3.4) == 4.0
    assert value_at(ordered, 3.4, upwards=True) == np.inf
