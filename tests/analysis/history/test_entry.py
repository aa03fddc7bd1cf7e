from collections.abc import Callable

import pytest

from harness.analysis.history.entry import fingerprint, history_run
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.prices import PriceList
from harness.model import Run

MakeRun = Callable[..., Run]
PRICES = PriceList(date="2026-01", currency="USD", source="x", models={})


def test_a_run_becomes_one_small_line(simulate: MakeRun) -> None:
    run = simulate("a", sessions=60, failed=3)
    found = history_run(RunEvidence(run, PRICES), "build 7")
    assert (found.run_id, found.note, found.turns) == ("a", "build 7", 300)
    point = found.percentiles["voice_to_voice P95"]
    assert point.value_ms is not None
    assert point.se is not None
    assert 1_000 < point.value_ms < 1_600
    assert 0.01 < point.se < 0.1
    assert found.failure_rate == pytest.approx(0.01)
    assert found.cost_per_minute is None
    assert found.facts["scenario"] == "test"


def test_percentiles_that_a_run_does_not_support_are_left_out(simulate: MakeRun) -> None:
    found = history_run(RunEvidence(simulate("a"), PRICES))
    assert "voice_to_voice P95" in found.percentiles
    assert "voice_to_voice P99" not in found.percentiles


def test_a_percentile_among_timeouts_is_told_without_a_value(simulate: MakeRun) -> None:
    found = history_run(RunEvidence(simulate("a", timeouts=30), PRICES))
    assert found.percentiles["voice_to_voice P95"].value_ms is None


def test_like_runs_have_one_fingerprint_and_unlike_ones_others(simulate: MakeRun) -> None:
    one = fingerprint(simulate("a"))
    assert fingerprint(simulate("b", seed=4)) == one
    assert fingerprint(simulate("c", model="other")) != one
