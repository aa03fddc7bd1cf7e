import numpy as np
import pytest

from harness.analysis.capacity.spike import Spike, SpikeSeries, spike_of

AT_S = np.arange(0, 200, 0.25)


def series(subject: str, begin: float, end: float, allowed: float = 0.05) -> SpikeSeries:
    missed = (begin <= AT_S) & (end > AT_S)
    return SpikeSeries(subject=subject, allowed=allowed, at_s=AT_S, missed=missed)


def of(*every: SpikeSeries) -> Spike:
    return spike_of(every, load=10, peak=20, begin_s=60, end_s=90, last_s=200)


def test_order_of_breaking_and_time_until_all_is_back() -> None:
    found = of(series("failures", 80, 95), series("latency", 65, 120), series("continuity", 0, 0))
    assert [one.subject for one in found.broken] == ["latency", "failures", "continuity"]
    latency, failures, continuity = found.broken
    assert (latency.after_s, latency.back_s) == (5, 30)
    assert (failures.after_s, failures.back_s) == (20, 5)
    assert (continuity.after_s, continuity.back_s) == (None, None)
    assert found.back_s == 30
    assert (found.seconds, found.watched_s) == (30, 110)


def test_what_never_comes_back_is_not_known() -> None:
    found = of(series("latency", 65, 200))
    assert found.broken[0].back_s is None
    assert found.back_s is None


def test_nothing_broken_is_back_at_once() -> None:
    assert of(series("latency", 0, 0)).back_s == 0


def test_shares_before_and_during() -> None:
    (one,) = of(series("latency", 45, 75)).broken
    assert one.before == pytest.approx(0.25)
    assert one.during == pytest.approx(0.5)


def test_a_single_late_turn_breaks_nothing() -> None:
    (one,) = of(series("latency", 70, 70.2)).broken
    assert one.after_s is None
