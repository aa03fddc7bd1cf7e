import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.comparison.comparing import Comparison, Setting, compare
from harness.analysis.comparison.defaults import default_objectives
from harness.analysis.comparison.effect import Design, RunSpread
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.objective import Objective, Scale, Tolerance
from harness.analysis.objectives.quantities import Attainment, FailureRate, Percentile
from harness.analysis.objectives.verdict import GateVerdict
from harness.analysis.prices import PriceList
from harness.model import Run

MakeRun = Callable[..., Run]
PRICES = PriceList(date="2026-01", currency="USD", source="x", models={})
RATIO = Tolerance(0.05, Scale.RATIO)
P50 = Objective(quantity=Percentile("voice_to_voice", 50), tolerance=RATIO)
P95 = Objective(quantity=Percentile("voice_to_voice", 95), tolerance=RATIO)


@pytest.fixture
def side(simulate: MakeRun) -> Callable[..., list[RunEvidence]]:
    def side(name: str, count: int, first: int, **more: Any) -> list[RunEvidence]:
        settled: dict[str, Any] = {"sessions": 60} | more
        runs = [simulate(f"{name}{n}", seed=first + n, **settled) for n in range(count)]
        return [RunEvidence(run, PRICES) for run in runs]

    return side


def against(
    mine: Sequence[RunEvidence],
    theirs: Sequence[RunEvidence],
    *objectives: Objective,
    between: float | None = None,
    in_pairs: bool = False,
) -> tuple[Comparison, ...]:
    spreads = {} if between is None else {"": RunSpread(between, 0, "a test")}
    setting = Setting(confidence=0.95, in_pairs=in_pairs, between=spreads)
    return compare(mine, theirs, objectives, setting)


def test_a_slower_candidate_fails_and_the_same_passes(side: Any) -> None:
    baseline = side("a", 8, 0)
    (same,) = against(side("b", 8, 50), baseline, P50)
    assert same.verdict is GateVerdict.PASS
    assert same.detectable is not None
    assert same.detectable > math.log(1.05)
    (slower,) = against(side("c", 8, 90, shift=math.log(1.2)), baseline, P50)
    assert slower.verdict is GateVerdict.FAIL
    assert slower.effect is not None
    assert slower.effect.estimate == pytest.approx(math.log(1.2), abs=0.05)
    (faster,) = against(side("d", 8, 90, shift=-math.log(1.2)), baseline, P50)
    assert faster.verdict is GateVerdict.PASS


def test_between_them_it_is_inconclusive_and_says_how_many_runs_would_do(side: Any) -> None:
    (found,) = against(side("b", 3, 50, shift=math.log(1.08)), side("a", 3, 0), P95)
    assert found.verdict is GateVerdict.INCONCLUSIVE
    assert found.runs_needed is None or found.runs_needed > 3


def test_pairs_are_compared_pair_by_pair(side: Any) -> None:
    mine, theirs = side("b", 5, 0, shift=math.log(1.12)), side("a", 5, 0)
    (paired,) = against(mine, theirs, P95, in_pairs=True)
    (unpaired,) = against(mine, theirs, P95)
    assert paired.effect is not None
    assert unpaired.effect is not None
    assert paired.effect.design is Design.PAIRED
    assert paired.effect.se is not None
    # The same speech on either side: nothing is left but the factor.
    assert paired.effect.se < 1e-9
    assert paired.verdict is GateVerdict.FAIL
    assert unpaired.effect.estimate == pytest.approx(paired.effect.estimate)


def test_one_run_against_one_is_never_blamed_without_knowing_how_runs_differ(side: Any) -> None:
    mine, theirs = side("b", 1, 50, shift=math.log(1.5)), side("a", 1, 0)
    (unknown,) = against(mine, theirs, P50)
    assert unknown.verdict is GateVerdict.INCONCLUSIVE
    assert "not known" in unknown.why
    assert unknown.effect is not None
    assert against(mine, theirs, P50, between=0.03)[0].verdict is GateVerdict.FAIL
    assert against(mine, theirs, P50, between=0.5)[0].verdict is GateVerdict.INCONCLUSIVE


def test_differences_in_ms_take_the_spread_of_runs_as_a_share_of_the_baseline(side: Any) -> None:
    mine, theirs = side("b", 1, 50), side("a", 1, 0)
    in_ms = replace(P50, tolerance=Tolerance(40.0, Scale.DIFFERENCE))
    (found,) = against(mine, theirs, in_ms, between=0.05)
    assert found.effect is not None
    assert found.effect.se is not None
    assert math.sqrt(2) * 0.05 * 800 == pytest.approx(found.effect.se, rel=0.4)
    failures = Objective(quantity=FailureRate(), tolerance=Tolerance(0.01, Scale.DIFFERENCE))
    assert against(mine, theirs, failures, between=0.05)[0].verdict is GateVerdict.INCONCLUSIVE


def test_more_failures_and_fewer_turns_within_a_time_are_worse(side: Any) -> None:
    points = Tolerance(0.01, Scale.DIFFERENCE)
    failures = Objective(quantity=FailureRate(), tolerance=points)
    within = Objective(quantity=Attainment("voice_to_voice", 3_000.0), tolerance=points)
    baseline, failing = side("a", 6, 0), side("b", 6, 50, failed=30)
    for objective in (failures, within):
        (found,) = against(failing, baseline, objective)
        assert found.verdict is GateVerdict.FAIL
        assert found.effect is not None
        assert found.effect.estimate == pytest.approx(0.1, abs=0.01)


def test_no_failures_on_either_side_is_no_proof_from_few_turns(side: Any) -> None:
    strict = Objective(quantity=FailureRate(), tolerance=Tolerance(0.002, Scale.DIFFERENCE))
    (found,) = against(side("b", 2, 50), side("a", 2, 0), strict)
    assert found.verdict is GateVerdict.INCONCLUSIVE


def test_the_first_decides_unless_another_is_primary(side: Any) -> None:
    mine, theirs = side("b", 3, 50), side("a", 3, 0)
    assert [c.primary for c in against(mine, theirs, P50, P95)] == [True, False]
    chosen = against(mine, theirs, P50, replace(P95, primary=True))
    assert chosen[0].primary
    assert str(chosen[0].objective.quantity) == "voice_to_voice P95"
    assert against(mine, theirs, replace(P50, tolerance=None)) == ()


def test_secondary_verdicts_hold_for_all_of_them_together(side: Any) -> None:
    mine, theirs = side("b", 8, 90, shift=math.log(1.2)), side("a", 8, 0)
    found = against(mine, theirs, P95, *[P50] * 3)
    assert found[0].adjusted is None
    for secondary in found[1:]:
        assert secondary.adjusted is not None
        assert secondary.effect is not None
        alone = secondary.effect.chance_below(secondary.tolerated)
        assert alone is not None
        assert secondary.adjusted == pytest.approx(3 * alone, rel=1e-6)
        assert secondary.verdict is GateVerdict.FAIL


def test_a_candidate_of_timeouts_can_fail_and_cannot_pass(side: Any) -> None:
    baseline = side("a", 4, 0)
    (found,) = against(side("b", 4, 50, timeouts=40), baseline, P95)
    assert found.verdict is GateVerdict.FAIL
    assert found.high is None
    (other,) = against(baseline, side("b", 4, 50, timeouts=40), P95)
    assert other.verdict is GateVerdict.INCONCLUSIVE
    assert "baseline" in other.why


def test_too_few_turns_are_inconclusive_with_the_reason(side: Any) -> None:
    (found,) = against(side("b", 3, 50, sessions=5), side("a", 3, 0, sessions=5), P95)
    assert found.verdict is GateVerdict.INCONCLUSIVE
    assert "needs 59 turns in every run" in found.why
    assert found.effect is None


def test_the_defaults_can_be_compared(side: Any) -> None:
    found = against(side("b", 6, 50), side("a", 6, 0), *default_objectives(0.2))
    assert found[0].verdict is GateVerdict.PASS
