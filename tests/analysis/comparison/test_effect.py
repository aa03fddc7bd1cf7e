import math

import numpy as np
import pytest
from scipy import stats

from harness.analysis.comparison.effect import Design, RunSpread, cdf, paired, single, unpaired

A, B = [1.2, 1.5, 1.1, 1.4, 1.6], [1.0, 1.3, 1.2, 1.1, 1.3]


def test_pairs_are_students_test_of_their_differences() -> None:
    found = paired(A, B)
    expected = stats.ttest_rel(A, B, alternative="greater")
    assert found.chance_below(0.0) == pytest.approx(expected.pvalue)
    low = expected.confidence_interval(0.95).low
    bounds = found.bounds(0.95)
    assert bounds is not None
    assert bounds[0] == pytest.approx(low)
    assert found.design is Design.PAIRED


def test_groups_are_welchs_test() -> None:
    found = unpaired(A, B[:4])
    expected = stats.ttest_ind(A, B[:4], equal_var=False, alternative="greater")
    assert found.chance_below(0.0) == pytest.approx(expected.pvalue)
    assert found.degrees == pytest.approx(expected.df)


def test_one_run_against_several_is_a_new_one_of_their_kind() -> None:
    found = unpaired([1.5], B)
    sd = float(np.std(B, ddof=1))
    assert found.se == pytest.approx(sd * math.sqrt(1 + 1 / 5))
    assert found.degrees == 4


def test_runs_that_do_not_differ_at_all_keep_the_chance_within_them() -> None:
    assert unpaired([0.0, 0.0], [0.0, 0.0]).se == 0
    assert unpaired([0.0, 0.0], [0.0, 0.0], 0.01).se == 0.01
    assert paired([0.0, 0.0], [0.0, 0.0], 0.01).se == 0.01


def test_no_spread_at_all_is_a_certainty() -> None:
    found = paired([1.0, 1.0], [0.0, 0.0])
    assert (found.chance_below(0.5), found.chance_below(1.5)) == (0.0, 1.0)


def test_single_runs_need_to_be_told_how_runs_differ() -> None:
    unknown = single((1.0, 0.1), (0.9, 0.1), None, 50)
    assert unknown.bounds(0.95) is None
    assert unknown.chance_below(0) is None
    assert "not known" in unknown.why
    told = single((1.0, 0.03), (0.9, 0.04), RunSpread(0.1, 0, "test"), 50)
    assert told.se == pytest.approx(math.sqrt(0.05**2 + 2 * 0.1**2))
    assert told.degrees > 49
    few = single((1.0, 0.03), (0.9, 0.04), RunSpread(0.1, 4, "test"), 50)
    assert 3 < few.degrees < 5
    assert "right-censored" in single((1.0, None), (0.9, 0.1), RunSpread(0.1, 0, ""), 50).why


def test_infinite_degrees_of_freedom_are_normal() -> None:
    assert cdf(1.96, math.inf) == pytest.approx(0.975, abs=1e-4)
    assert cdf(1.96, 10) == pytest.approx(stats.t(10).cdf(1.96))
