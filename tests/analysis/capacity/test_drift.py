import numpy as np
import pytest

from harness.analysis.capacity import drift as drift_module
from harness.analysis.capacity.drift import Drift, drift
from harness.analysis.intervals import resampling_widening

SESSIONS = np.arange(400) // 4
AT_S = np.linspace(0, 7_200, 400)


def of(values: np.ndarray) -> Drift:
    return drift("latency", "ms", AT_S, values, SESSIONS)


def test_a_slope_is_found_with_its_interval() -> None:
    rng = np.random.default_rng(1)
    found = of(900 + 50 * AT_S / 3600 + rng.normal(0, 40, 400))
    assert found.per_hour == pytest.approx(50, abs=8)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 50 < found.high
    assert found.is_shown
    assert found.start == pytest.approx(900, abs=10)
    assert found.hours == pytest.approx(2)


def test_no_drift_is_shown_where_there_is_none() -> None:
    """An interval at 95 % misses the truth in one of twenty; of twenty seeds, few may."""
    shown = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sessions = rng.normal(0, 80, 100)
        shown += of(900 + sessions[SESSIONS] + rng.normal(0, 40, 400)).is_shown
    assert shown <= 3


def test_sessions_that_are_alike_widen_the_interval() -> None:
    rng = np.random.default_rng(3)
    turns = of(900 + rng.normal(0, 100, 400))
    alike = of(900 + rng.normal(0, 100, 100)[SESSIONS])
    assert alike.high - alike.low > 1.4 * (turns.high - turns.low)  # type: ignore[operator]


def test_few_sessions_widen_the_interval_as_they_do_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.random.default_rng(4).normal(900, 40, 400)
    sessions = np.arange(400) // 40
    wide = drift("latency", "ms", AT_S, values, sessions)
    monkeypatch.setattr(drift_module, "resampling_widening", lambda clusters: 1.0)
    narrow = drift("latency", "ms", AT_S, values, sessions)
    ratio = (wide.high - wide.low) / (narrow.high - narrow.low)  # type: ignore[operator]
    assert ratio == pytest.approx(resampling_widening(10))


def test_too_little_is_not_a_slope_of_zero() -> None:
    few = drift("cost", "USD", AT_S[:20], AT_S[:20], SESSIONS[:20])
    assert few.per_hour is None
    assert "needs 10 sessions" in few.why
    still = drift("cost", "USD", np.zeros(400), AT_S, SESSIONS)
    assert still.why == "no time passed"
    assert not drift("cost", "USD", np.empty(0), np.empty(0), np.empty(0, np.int64)).is_shown
