import numpy as np
import pytest

from harness.analysis.capacity.spike import Spike, SpikeSeries, spike_of

AT_S = np.arange(0, 200, 0.25)


def series(
    subject: str, begin: float, end: float, allowed: float = 0.05, at_s: np.ndarray = AT_S
) -> SpikeSeries:
    missed = (begin <= at_s) & (end > at_s)
    return SpikeSeries(subject=subject, allowed=allowed, at_s=at_s, missed=missed)


def of(*every: SpikeSeries) -> Spike:
    return spike_of(every, load=10, peak=20, begin_s=60, end_s=90, last_s=200)


def test_order_of_breaking_and_time_until_all_is_back() -> None:
    found = of(series("failures", 80, 95), series("latency", 65, 120), series("continuity", 0, 0))
    assert [one.subject for one in found.broken] == ["latency", "failures", "continuity"]
    latency, failures, continuity = found.broken
    assert (latency.broke_within_s, latency.back_within_s) == (10, 35)
    assert (failures.broke_within_s, failures.back_within_s) == (25, 10)
    assert (continuity.broke_within_s, continuity.back_within_s) == (None, None)
    assert found.back_within_s == 35
    assert (found.seconds, found.watched_s) == (30, 110)


def test_what_never_comes_back_is_not_known() -> None:
    found = of(series("latency", 65, 200))
    assert found.broken[0].back_within_s is None
    assert found.back_within_s is None


def test_nothing_broken_is_back_at_once() -> None:
    assert of(series("latency", 0, 0)).back_within_s == 0


def test_shares_before_and_during() -> None:
    (one,) = of(series("latency", 45, 75)).broken
    assert one.before == pytest.approx(0.25)
    assert one.during == pytest.approx(0.5)


def test_a_single_late_turn_breaks_nothing() -> None:
    (one,) = of(series("latency", 70, 70.2)).broken
    assert one.broke_within_s is None


def test_what_was_not_measured_is_neither_met_nor_back() -> None:
    """No turn before the spike, none in its second half and none for a while after it."""
    gaps = AT_S[((AT_S >= 60) & (AT_S < 75)) | (AT_S >= 130)]
    found = of(series("latency", 65, 75, at_s=gaps))
    (one,) = found.broken
    assert one.before is None
    assert one.broke_within_s == 10
    assert one.back_within_s == found.back_within_s == 45
    (silent,) = of(series("latency", 65, 75, at_s=gaps[gaps < 130])).broken
    assert silent.back_within_s is None


def test_an_objective_that_nothing_tells_of_did_not_hold() -> None:
    found = of(series("setup", 0, 0, at_s=AT_S[AT_S < 60]))
    (one,) = found.broken
    assert (one.before, one.during, one.judged, one.broke_within_s) == (0, None, False, None)
    assert found.back_within_s is None


def test_a_span_whose_turns_could_all_be_late_by_chance_tells_nothing() -> None:
    """One turn in a span: at five in a hundred allowed, that it is late may be chance."""
    (one,) = of(series("latency", 65, 90, at_s=np.arange(1.0, 200, 5))).broken
    assert one.during == pytest.approx(25 / 30, abs=0.1)
    assert (one.judged, one.broke_within_s) == (False, None)
