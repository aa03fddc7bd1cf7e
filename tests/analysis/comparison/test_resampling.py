import numpy as np
import pytest

from harness.analysis.comparison.resampling import (
    SessionDraws,
    percentile_draws,
    share_draws,
    spread,
)
from harness.analysis.quantiles import Sample


def test_draws_spread_as_samples_of_new_sessions_do() -> None:
    """The bootstrap's standard error against that of the median of new samples."""
    rng = np.random.default_rng(1)

    def draw() -> Sample:
        of_session = rng.normal(0, 0.3, (200, 1))
        values = np.exp(of_session + rng.normal(0, 0.2, (200, 5))).ravel()
        return Sample(values, np.repeat(np.arange(200), 5))

    true = np.std([np.log(np.median(draw().values_ms)) for _ in range(400)])
    found = spread(np.log(percentile_draws(draw(), [0.5], 1)[:, 0]), 200)
    assert found == pytest.approx(true, rel=0.25)


def test_the_same_sample_gives_the_same_draws_and_another_side_others() -> None:
    sample = Sample(np.arange(50.0), np.arange(50))
    one, again = percentile_draws(sample, [0.5, 0.9], 1), percentile_draws(sample, [0.5, 0.9], 1)
    assert (one == again).all()
    assert (one[:, 0] <= one[:, 1]).all()
    assert (one != percentile_draws(sample, [0.5, 0.9], 2)).any()


def test_the_order_of_the_turns_does_not_matter() -> None:
    values, sessions = np.array([3.0, 1.0, 2.0, 9.0]), np.array([0, 0, 1, 1])
    order = np.array([2, 0, 3, 1])
    one = percentile_draws(Sample(values, sessions), [0.5], 1)
    assert (one == percentile_draws(Sample(values[order], sessions[order]), [0.5], 1)).all()


def test_a_tail_among_right_censored_turns_has_no_spread() -> None:
    values = np.array([1.0] * 9 + [np.inf])
    draws = percentile_draws(Sample(values, np.arange(10), 15.0), [0.95], 1)[:, 0]
    assert spread(draws, 10) is None


def test_shares_are_drawn_by_session() -> None:
    hits = np.repeat([True, False], 50)
    alike = share_draws(hits, np.repeat(np.arange(10), 10), 1).std()
    alone = share_draws(hits, np.arange(100), 1).std()
    assert alone == pytest.approx(0.05, rel=0.1)
    assert alike == pytest.approx(0.158, rel=0.15)


def test_draws_are_made_once_a_sample_and_are_the_same() -> None:
    sample = Sample(np.random.default_rng(2).lognormal(0, 0.3, 60), np.arange(60))
    draws = SessionDraws()
    first = draws.of("a", sample, [0.5], 1)
    assert (first == percentile_draws(sample, [0.5], 1)).all()
    # Another sample under the same key is not looked at any more.
    other = Sample(np.ones(60), np.arange(60))
    assert (draws.of("a", other, [0.5], 1) == first).all()
    assert (draws.of("b", other, [0.95], 1) == 1.0).all()
    assert (draws.of("a", sample, [0.123, 0.5], 1)[:, 1] == first[:, 0]).all()
