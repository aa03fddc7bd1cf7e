from collections.abc import Callable

import pytest

from harness.analysis.capacity.limit import between_runs_sd, find_limit, fitted_curves
from harness.analysis.capacity.step import StepResult

Build = Callable[..., StepResult]


def test_limit_lies_where_the_margin_passes_zero(build: Build) -> None:
    steps = [build(load, share) for load, share in ((10, 0.0), (20, 0.04), (22, 0.06), (40, 0.5))]
    limit = find_limit(steps)
    assert limit.calls in (20, 21)
    assert limit.low <= 20 < limit.high  # type: ignore[operator]
    assert limit.binding == "voice_to_voice P95 at most 1500 ms"
    assert limit.most == 20


def test_interval_narrows_with_turns(build: Build) -> None:
    def width(turns: int) -> int:
        steps = [build(n, 0.01 * n / 10, turns=turns) for n in range(10, 100, 5)]
        limit = find_limit(steps)
        assert limit.high is not None
        return limit.high - limit.low

    assert width(4_000) < width(200)


def test_a_lucky_load_in_between_is_smoothed(build: Build) -> None:
    shares = ((10, 0.01), (12, 0.06), (14, 0.03), (16, 0.07))
    (curve,) = fitted_curves([build(load, share) for load, share in shares])
    assert list(curve.fitted) == sorted(curve.fitted)
    assert curve.fitted[1] == curve.fitted[2] == pytest.approx(0.045)
    assert list(curve.missed) == [0.01, 0.06, 0.03, 0.07]


def test_nothing_missed_leaves_the_limit_open(build: Build) -> None:
    limit = find_limit([build(4, 0.0), build(8, 0.01)])
    assert (limit.calls, limit.low, limit.high, limit.binding) == (None, 8, None, "")


def test_everything_missed_is_no_call_at_all(build: Build) -> None:
    limit = find_limit([build(1, 0.5), build(2, 0.9)])
    assert (limit.calls, limit.low, limit.high, limit.most) == (0, 0, 0, 0)


def test_unfit_steps_say_nothing(build: Build) -> None:
    steps = [build(4, 0.0), build(8, 0.9, unfit="frames were late"), build(16, 0.9)]
    assert fitted_curves(steps)[0].loads == (4, 16)


def test_runs_that_differ_more_than_their_turns_widen_the_interval(build: Build) -> None:
    alike = [build(load, share) for load, share in ((10, 0.03), (10, 0.03), (12, 0.08), (12, 0.08))]
    apart = [build(load, share) for load, share in ((10, 0.0), (10, 0.09), (12, 0.02), (12, 0.16))]
    assert between_runs_sd(alike, fitted_curves(alike)[0], 0) == 0
    assert between_runs_sd(apart, fitted_curves(apart)[0], 0) > 0.1
    with_lower = [build(6, 0.0)]
    narrow, wide = find_limit(alike + with_lower), find_limit(apart + with_lower)
    assert narrow.high is not None
    assert wide.high is None or wide.high - wide.low > narrow.high - narrow.low
