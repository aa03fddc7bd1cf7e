import math

import numpy as np
import pytest

from harness.analysis.capacity.step import ObjectiveShare, StepResult


def share_of(missed: list[bool], sessions: list[int], allowed: float = 0.25) -> ObjectiveShare:
    return ObjectiveShare(
        subject="s",
        allowed=allowed,
        missed=np.array(missed),
        sessions=np.array(sessions),
        blocks=np.zeros(len(missed), dtype=np.int64),
    )


def test_margin_has_the_sign_of_what_is_left() -> None:
    missed = [True, False, False, False]
    assert share_of(missed, [0, 1, 2, 3], 0.25).margin == pytest.approx(0)
    assert share_of(missed, [0, 1, 2, 3], 0.20).margin < 0
    assert share_of(missed, [0, 1, 2, 3], 0.30).margin > 0


def test_none_missed_meets_even_an_objective_that_allows_none() -> None:
    clean = share_of([False] * 40, [n // 4 for n in range(40)], 0.0)
    assert clean.margin == 0
    assert clean.sd == pytest.approx(0.5 / math.sqrt(40))


def test_sessions_that_miss_as_a_whole_tell_less_than_turns_that_do() -> None:
    alike = share_of(([True] * 4 + [False] * 12) * 4, [n // 4 for n in range(64)])
    mixed = share_of(([True] + [False] * 3) * 16, [n // 4 for n in range(64)])
    assert alike.share == mixed.share
    assert alike.sd > 1.5 / (2 * math.sqrt(64))
    assert np.std(alike.draws()) > 3 * np.std(mixed.draws())


def test_a_queue_that_builds_up_widens_the_draws() -> None:
    """Every session misses half of its turns, all of them in the second half of the time."""
    missed, sessions = [False, True] * 50, [n // 2 for n in range(100)]
    even = share_of(missed, sessions, 0.5)
    late = ObjectiveShare(
        subject="s",
        allowed=0.5,
        missed=np.array([False] * 50 + [True] * 50),
        sessions=np.array([n % 50 // 2 for n in range(100)]),
        blocks=np.repeat(np.arange(4), 25),
    )
    assert even.sd == pytest.approx(1 / (2 * math.sqrt(100)))
    assert late.sd > 0.2


def test_a_spread_is_that_of_binomial_turns_where_sessions_are_single() -> None:
    rng = np.random.default_rng(1)
    one = share_of(list(rng.random(400) < 0.1), list(range(400)), 0.1)
    assert one.sd == pytest.approx(1 / (2 * math.sqrt(400)), rel=0.05)
    binomial = math.sqrt(one.share * (1 - one.share) / 400)
    assert float(np.std(one.draws())) == pytest.approx(binomial, rel=0.1)
    assert float(np.mean(one.draws())) == pytest.approx(one.share, abs=0.002)


def test_step_is_as_good_as_its_worst_objective() -> None:
    good, bad = share_of([False] * 4, [0, 1, 2, 3]), share_of([True] * 4, [0, 1, 2, 3])
    assert StepResult(load=1, run="r", seconds=1, shares=(good, bad)).margin == bad.margin


def test_arrays_must_fit_each_other() -> None:
    with pytest.raises(ValueError, match="one session"):
        share_of([True], [0, 1])
    with pytest.raises(ValueError, match="without a turn"):
        share_of([], [])
