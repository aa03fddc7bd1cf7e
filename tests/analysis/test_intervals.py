import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.intervals import (
    covering_ranks,
    effective_n,
    resampling_widening,
    student_widening,
    t_quantile,
    turns_needed,
    upper_rank,
    wilson,
)


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (5, 2.5706), (10, 2.2281), (29, 2.0452)],
)
def test_student_quantiles_are_those_of_the_tables(degrees: int, expected: float) -> None:
    assert t_quantile(0.975, degrees) == pytest.approx(expected, abs=5e-5)


@given(st.integers(1, 400), st.data())
def test_wilson_is_scipys_for_whole_counts(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    expected = stats.binomtest(hits, n).proportion_ci(0.95, "wilson")
    assert wilson(hits / n, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_smallest_samples_are_those_of_the_literature() -> None:
    assert [turns_needed(p) for p in (0.5, 0.9, 0.95, 0.99)] == [6, 29, 59, 299]


@given(st.sampled_from([0.5, 0.9, 0.95, 0.99]), st.integers(0, 2_000))
def test_ranks_cover_the_quantile_as_promised(p: float, extra: int) -> None:
    n = turns_needed(p) + extra
    j, k = covering_ranks(n, p)
    assert 1 <= j <= math.ceil(n * p) <= k <= n
    chance = [
        math.exp(
            math.lgamma(n + 1)
            - math.lgamma(b + 1)
            - math.lgamma(n - b + 1)
            + b * math.log(p)
            + (n - b) * math.log1p(-p)
        )
        for b in range(j, k)
    ]
    assert math.fsum(chance) >= 0.95 - 1e-9


def test_independent_turns_are_worth_themselves() -> None:
    indicator = np.arange(40) % 4 == 0
    assert effective_n(indicator, np.arange(40)) == pytest.approx(40)


def test_turns_that_repeat_their_session_are_worth_one_each_session() -> None:
    sessions = np.repeat(np.arange(200), 5)
    indicator = sessions % 2 == 0
    assert effective_n(indicator, sessions) == pytest.approx(200, rel=0.05)


def test_few_sessions_are_worth_less_even_when_their_turns_look_independent() -> None:
    alternating = np.arange(90) % 2 == 0
    worth = effective_n(alternating, np.repeat(np.arange(3), 30))
    assert worth is not None
    assert worth < 30


def test_one_session_tells_nothing_about_others() -> None:
    assert effective_n(np.array([True, False, True]), np.zeros(3, dtype=np.int64)) is None


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60))
def test_turns_are_never_worth_more_than_they_are(pairs: list[tuple[bool, int]]) -> None:
    indicator = np.array([yes for yes, _ in pairs])
    worth = effective_n(indicator, np.array([session for _, session in pairs]))
    assert worth is None or 0 < worth <= len(pairs) + 1e-9


@given(st.integers(1, 5_000), st.floats(0, 1))
def test_wilson_holds_the_share_and_stays_between_0_and_1(n: int, share: float) -> None:
    low, high = wilson(share, n)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1


def test_wilson_is_that_of_the_textbook() -> None:
    assert wilson(0.1, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert wilson(0.0, 380)[1] == pytest.approx(0.01, abs=1e-4)


@given(st.integers(1_000, 60_000), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_ranks_of_large_samples_are_those_of_the_whole_binomial(n: int, p: float) -> None:
    cdf = stats.binom.cdf(np.arange(n + 1), n, p)
    found = upper_rank(n, p, 0.975)
    assert found == int(np.searchsorted(cdf, 0.975)) + 1
    assert covering_ranks(n, p)[1] == found


def test_few_clusters_widen_by_students_t_and_by_what_resampling_lacks() -> None:
    assert student_widening(9) == pytest.approx(2.262157 / 1.959964, rel=1e-6)
    assert resampling_widening(10) == pytest.approx(2.262157 / 1.959964 * math.sqrt(10 / 9))
    assert resampling_widening(100_000) == pytest.approx(1, abs=1e-4)
