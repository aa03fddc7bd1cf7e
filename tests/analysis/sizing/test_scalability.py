import re

import numpy as np
import pytest

from harness.analysis.sizing.scalability import ScalabilityFit, fit_scalability, littles_law

LOADS = np.array([1, 2, 4, 8, 12, 16, 24, 32, 48], dtype=float)


def law(loads: np.ndarray, a: float, b: float, noise: float = 0.0) -> np.ndarray:
    chance = 1 + noise * np.random.default_rng(1).normal(size=len(loads))
    return np.asarray(0.15 * loads / (1 + a * (loads - 1) + b * loads * (loads - 1)) * chance)


def test_the_law_is_found_with_its_peak() -> None:
    fit = fit_scalability(list(LOADS), list(law(LOADS, 0.02, 0.001, 0.01)))
    assert fit.why == ""
    assert fit.contention == pytest.approx(0.02, abs=0.01)
    assert fit.coherency == pytest.approx(0.001, rel=0.2)
    assert fit.low is not None
    assert fit.high is not None
    assert fit.low < np.sqrt(0.98 / 0.001) < fit.high
    assert fit.throughput(8) == pytest.approx(float(law(np.array([8.0]), 0.02, 0.001)[0]), rel=0.03)


@pytest.mark.parametrize(
    ("loads", "rates", "words"),
    [
        (LOADS[:5], law(LOADS[:5], 0.02, 0.001), "needs 6 loads, has 5"),
        ([1.0] * 9, law(LOADS, 0.02, 0.001), "needs 6 loads, has 1"),
        (LOADS, 0.15 * LOADS, "no peak in what was measured"),
        (LOADS, np.zeros(9), "no throughput at all"),
        (LOADS[:6], law(LOADS[:6], 0.001, 1e-5, 0.1), "may lie anywhere (from|beyond)|no peak"),
    ],
)
def test_what_cannot_bear_the_law_is_refused(
    loads: np.ndarray, rates: np.ndarray, words: str
) -> None:
    fit = fit_scalability(list(loads), list(rates))
    assert fit.peak is None
    assert re.search(words, fit.why)
    with pytest.raises(ValueError, match=r"."):
        fit.throughput(3)


def test_a_refused_law_has_no_peak() -> None:
    assert ScalabilityFit(why="x").peak is None


def test_littles_law_holds_where_every_call_was_counted() -> None:
    opened = np.arange(0, 400, 2.0)
    found = littles_law(opened, opened + 30)
    assert found.held == pytest.approx(15, rel=0.05)
    assert found.holds


def test_littles_law_tells_calls_that_grow_longer() -> None:
    """What began before the window was shorter, so fewer are held than those in it would make."""
    opened = np.arange(0, 400, 2.0)
    found = littles_law(opened, opened + 10 + opened / 4)
    assert found.holds is False


def test_few_calls_tell_nothing() -> None:
    ramp = np.arange(0, 10, 0.25)
    for opened, closed, why in (
        (np.arange(5.0), np.arange(5.0) + 3, "needs 20 calls, has 5"),
        (np.zeros(40), np.ones(40), "within 0 s, of 1 s each; needs 2 times that"),
        (ramp, ramp + 30, "within 8 s, of 30 s each; needs 2 times that"),
    ):
        found = littles_law(opened, closed)
        assert (found.held, found.expected, found.holds) == (None, None, None)
        assert why in found.why
