import numpy as np
import pytest

from harness.bench.simulated_turns import SimulatedTarget, log_percentiles


def test_runs_have_the_percentiles_and_the_likeness_they_are_made_with() -> None:
    target = SimulatedTarget(icc=0.3, sessions=400, turns=10)
    runs = target.runs(20, np.random.default_rng(1))
    assert np.quantile(runs, 0.95) == pytest.approx(target.percentile_ms(0.95), rel=0.01)
    logs = np.log(runs)
    between = logs.mean(axis=2).var()
    assert between / logs.var() == pytest.approx(0.3 + 0.07, abs=0.02)


def test_runs_differ_by_their_own_chance_or_by_what_they_share() -> None:
    rng = np.random.default_rng(2)
    restless = SimulatedTarget(icc=0.0, run_sd=0.1, sessions=200)
    found = log_percentiles(restless.runs(200, rng), 0.5)
    assert found.std() == pytest.approx(0.1, rel=0.15)
    shared = log_percentiles(restless.runs(200, rng, np.zeros(200)), 0.5)
    assert shared.std() < 0.02


def test_a_slower_target_is_slower_by_its_share() -> None:
    slower = SimulatedTarget(icc=0.0, slower=0.1)
    assert slower.percentile_ms(0.5) == pytest.approx(880.0)


def test_percentiles_are_by_nearest_rank() -> None:
    runs = np.arange(1.0, 101.0).reshape(1, 10, 10)
    assert np.exp(log_percentiles(runs, 0.95)[0]) == pytest.approx(95.0)
