import math

import numpy as np
import pytest

from harness.analysis.comparison.effect import Design
from harness.analysis.comparison.planning import (
    RUN_OVERHEAD_S,
    Effort,
    assumed_chance,
    for_detection,
    for_precision,
    tail_icc,
)

EFFORT = Effort(session_s=60.0, at_once=10, cost=0.5)


@pytest.mark.parametrize(
    ("p", "expected"), [(0.5, 0.194), (0.9, 0.129), (0.95, 0.098), (0.99, 0.046)]
)
def test_likeness_in_the_tail_is_that_of_the_gaussian_copula(p: float, expected: float) -> None:
    assert tail_icc(p, 0.3) == pytest.approx(expected, abs=0.001)
    assert tail_icc(p, 0.0) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("spread", "p", "width", "turns"),
    [(0.35, 0.95, 0.05, 841), (0.35, 0.99, 0.05, 2_624), (0.5, 0.5, 0.1, 151)],
)
def test_independent_turns_are_those_of_the_formula(
    spread: float, p: float, width: float, turns: int
) -> None:
    chance = assumed_chance(p, spread=spread, icc=0.0, turns_per_session=1, sessions=100)
    # The formula takes the half-width for its logarithm.
    assert for_precision(chance, math.expm1(width), EFFORT, 0.95).turns == pytest.approx(
        turns, abs=2
    )


def test_assumed_chance_is_what_such_runs_show() -> None:
    rng = np.random.default_rng(8)
    icc, spread = 0.4, 0.35
    logs = [
        np.quantile(
            spread
            * (
                math.sqrt(icc) * rng.normal(size=(100, 1))
                + math.sqrt(1 - icc) * rng.normal(size=(100, 10))
            ),
            0.95,
        )
        for _ in range(400)
    ]
    chance = assumed_chance(0.95, spread=spread, icc=icc, turns_per_session=10, sessions=100)
    assert chance.se == pytest.approx(float(np.std(logs)), rel=0.1)
    assert chance.at(400) == pytest.approx(chance.se / 2)


def test_a_tail_needs_its_fewest_turns_however_narrow_it_is() -> None:
    chance = assumed_chance(0.99, spread=0.001, icc=0.0, turns_per_session=10, sessions=100)
    step = for_precision(chance, 0.5, EFFORT, 0.95)
    assert step.sessions == 30
    assert (step.runs, step.turns) == (1, 300)
    assert step.seconds == 3 * 60.0 + RUN_OVERHEAD_S
    assert step.cost == 15.0


def test_more_sessions_a_run_need_fewer_runs_and_never_fewer_than_runs_differ() -> None:
    chance = assumed_chance(0.95, spread=0.35, icc=0.2, turns_per_session=10, sessions=100)

    def runs(sessions: int, run_sd: float) -> int:
        (step,) = for_detection(
            chance, 0.10, 0.0, run_sd, EFFORT, 0.95, design=Design.UNPAIRED, sessions=[sessions]
        )
        return step.runs

    assert runs(50, 0.02) > runs(200, 0.02) > 1
    assert runs(10_000, 0.06) > runs(10_000, 0.02)


def test_ways_are_told_the_quickest_first_with_what_they_cost() -> None:
    chance = assumed_chance(0.95, spread=0.35, icc=0.2, turns_per_session=5, sessions=100)
    steps = for_detection(chance, 0.10, 0.02, 0.02, EFFORT, 0.95, design=Design.PAIRED)
    assert [step.seconds for step in steps] == sorted(step.seconds for step in steps)
    # P95 takes 59 turns in every run: 10 sessions of 5 do not have them.
    assert min(step.sessions for step in steps) == 20
    for step in steps:
        assert step.turns == step.sessions * 5 * step.runs * 2
        assert step.cost == step.sessions * step.runs * 2 * 0.5


def test_a_change_within_the_tolerance_is_never_found() -> None:
    chance = assumed_chance(0.95, spread=0.35, icc=0.2, turns_per_session=5, sessions=100)
    assert for_detection(chance, 0.03, 0.05, 0.02, EFFORT, 0.95, design=Design.PAIRED) == ()
