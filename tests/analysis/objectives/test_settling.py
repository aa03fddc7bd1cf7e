from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.objectives.measured import Measured, measure_share
from harness.analysis.objectives.quantities import (
    Attainment,
    CostPerMinute,
    FailureRate,
    Percentile,
)
from harness.analysis.objectives.settling import settle

P95 = Percentile("voice_to_voice", 95)
FOUND = Measured(value=100.0, low=90.0, high=110.0, n=50, sessions=10, n_eff=25.0)


def test_turns_grow_with_the_square_of_the_precision_wanted() -> None:
    assert (
        settle(FOUND, P95, 105.0, 0.95) == "about 200 turns in 40 sessions, if the percentile stays"
    )
    assert settle(FOUND, P95, 95.0, 0.95).startswith("about 200 turns")
    assert settle(FOUND, P95, 100.0, 0.95).startswith("no number of turns")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Measured(value=None), "a run in which it is measured"),
        (replace(FOUND, value=None, needs=299), "about 299 turns in 60 sessions"),
        (replace(FOUND, value=None), "callers that wait longer"),
        (replace(FOUND, high=None), "without a response"),
        (replace(FOUND, value=130.0, low=None), "from below"),
    ],
)
def test_what_no_number_of_turns_alone_would_do_is_said(found: Measured, words: str) -> None:
    assert words in settle(found, P95, 120.0, 0.95)


def test_a_share_asks_for_turns_until_its_bound_is_clear() -> None:
    found = Measured(value=0.0, low=0.0, high=0.1, n=20, n_eff=20.0)
    turns = int(settle(found, FailureRate(), 0.01, 0.95).split()[1])
    assert 299 <= turns <= 305
    mirrored = replace(found, value=1.0, low=0.9, high=1.0)
    assert settle(mirrored, Attainment("greeting", 1.0), 0.99, 0.95).split()[1] == str(turns)
    alike = replace(found, n_eff=10.0)
    assert int(settle(alike, FailureRate(), 0.01, 0.95).split()[1]) == pytest.approx(2 * turns, 1)
    assert "no number" in settle(replace(found, value=0.01), FailureRate(), 0.01, 0.95)
    assert "more sessions" in settle(replace(found, n_eff=None), FailureRate(), 0.01, 0.95)


def test_cost_waits_for_the_provider() -> None:
    assert "reports usage" in settle(FOUND, CostPerMinute(), 1.0, 0.95)


def test_the_number_asked_for_does_settle_a_share() -> None:
    hits = np.zeros(305, dtype=np.bool_)
    found = measure_share(hits, np.arange(305), 0.95)
    assert found.high is not None
    assert found.high <= 0.01
