from dataclasses import replace

import pytest

from harness.analysis.capacity.boundary import BoundaryKind
from harness.analysis.capacity.limit import Limit
from harness.bench.capacity_calibration import (
    SERVICES,
    SearchCalibration,
    as_json,
    calibrate,
    holds,
)
from harness.model import NoProgress

QUEUE, SLOWER, CLIFF, REFUSAL = SERVICES


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_limit_lies_in_the_interval_and_is_named(service: type) -> None:
    """Of fixed seeds, so not a test of chance; `harness selfcheck capacity` runs many more."""
    (found,) = calibrate(6, 90.0, NoProgress(), (service,))  # type: ignore[arg-type]
    assert found.held >= 5
    assert found.named >= 5
    assert found.steps < 30


def test_true_limits_are_where_they_were_planted() -> None:
    assert (CLIFF.true_limit(80), REFUSAL.true_limit(80)) == (30, 17)
    assert SLOWER.true_limit(80) > 24


def test_calls_beyond_the_limit_are_late_and_refused_ones_fail() -> None:
    few, many = (CLIFF.turns(callers, 60, 1)[0] for callers in (30, 31))
    assert few.max() < 2_500 < many.max()
    assert REFUSAL.step(18, 60, 1).shares[0].share == 1.0


def test_a_promise_that_is_not_kept_says_so() -> None:
    found = SearchCalibration(
        service="s",
        kind="knee",
        limit=3,
        searches=20,
        held=18,
        named=18,
        steps=1,
        width=0,
        found=(),
    )
    assert found.kept
    assert not replace(found, held=17).kept
    assert not replace(found, named=17).kept
    assert as_json(found)["kept"] is True
    assert found.kind == BoundaryKind.KNEE


def test_an_open_interval_holds_whatever_lies_above() -> None:
    assert holds(Limit(calls=None, low=4, high=None), 9)
    assert not holds(Limit(calls=5, low=4, high=6), 7)
