from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.analysis.history.series import (
    find_run,
    fingerprints,
    run_spreads,
    series_of,
)
from harness.errors import BadInput
from harness.model.history import Acceptance, History, HistoryRun, PercentilePoint

P95 = "voice_to_voice P95"


def run(number: int, value_ms: float | None, **more: Any) -> HistoryRun:
    found = HistoryRun(
        run_id=f"r{number}",
        started_at=f"2026-01-{number + 1:02}",
        fingerprint="f",
        facts={},
        target="",
        commit="",
        validity="VALID",
        turns=100,
        percentiles={P95: PercentilePoint(value_ms=value_ms, se=0.01)},
    )
    return replace(found, **more)


def history(*levels: tuple[int, float], noise: float = 0.01, accepted: str = "") -> History:
    rng = np.random.default_rng(3)
    values = [
        level * float(np.exp(noise * rng.normal())) for count, level in levels for _ in range(count)
    ]
    acceptances = (Acceptance(run_id=accepted, at="", note="fine"),) if accepted else ()
    return History(tuple(run(n, value) for n, value in enumerate(values)), acceptances)


def test_a_change_to_a_higher_level_is_open_until_somebody_accepts_it() -> None:
    open_one = series_of(history((8, 1_000.0), (8, 1_200.0)), P95, "f")
    assert [change.index for change in open_one.open_regressions] == [8]
    assert open_one.level is not None
    assert open_one.level[0] == 8
    near = series_of(history((8, 1_000.0), (8, 1_200.0), accepted="r9"), P95, "f")
    assert near.open_regressions == ()
    assert near.accepted[0] is not None
    far = series_of(history((8, 1_000.0), (8, 1_200.0), accepted="r14"), P95, "f")
    assert far.open_regressions
    better = series_of(history((8, 1_200.0), (8, 1_000.0)), P95, "f")
    assert better.changes
    assert better.open_regressions == ()


def test_a_regression_that_was_put_right_is_closed() -> None:
    found = series_of(history((8, 1_000.0), (8, 1_200.0), (8, 950.0)), P95, "f")
    assert len(found.changes) == 2
    assert found.open_regressions == ()


def test_only_like_runs_that_have_the_subject_are_looked_at() -> None:
    runs = (
        run(0, 1_000.0),
        run(1, None),
        run(2, 1_000.0, fingerprint="other"),
        run(3, 1_000.0, percentiles={}),
    )
    found = series_of(History(runs), P95, "f")
    assert [one.run_id for one in found.runs] == ["r0"]
    assert found.missing == 2
    assert series_of(History(runs), "greeting P50", "f").level is None
    assert list(fingerprints(runs)) == ["f", "other"]


def test_the_spread_of_runs_is_within_levels_and_without_chance_inside_the_runs() -> None:
    known = run_spreads(history((20, 1_000.0), (20, 1_300.0), noise=0.04), "f")[P95]
    assert known.sd == pytest.approx(np.sqrt(0.04**2 - 0.01**2), rel=0.35)
    assert known.runs == 39
    still = run_spreads(history((20, 1_000.0), noise=0.002), "f")[P95]
    assert still.sd == 0.0


def test_two_runs_tell_no_spread() -> None:
    assert run_spreads(history((2, 1_000.0)), "f") == {}
    assert run_spreads(history((5, 1_000.0)), "other") == {}


def test_a_run_that_is_not_there_is_refused() -> None:
    known = history((2, 1_000.0))
    assert find_run(known, "r1").run_id == "r1"
    with pytest.raises(BadInput, match="r7: is not in the history"):
        find_run(known, "r7")
