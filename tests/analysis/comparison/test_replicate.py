import math
from collections.abc import Callable

from harness.analysis.comparison.replicate import replicate, within_run
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.objective import Objective, Scale
from harness.analysis.objectives.quantities import (
    Attainment,
    CostPerMinute,
    FailureRate,
    Percentile,
)
from harness.analysis.prices import PriceList
from harness.model import Run

MakeRun = Callable[..., Run]
PRICES = PriceList(date="2026-01", currency="USD", source="x", models={})
P95 = Objective(quantity=Percentile("voice_to_voice", 95))


def test_a_run_is_one_number(simulate: MakeRun) -> None:
    found = replicate(RunEvidence(simulate("a"), PRICES), P95, Scale.RATIO)
    assert found.value is not None
    assert 1_000 < found.value < 1_600
    assert (found.n, found.sessions) == (100, 20)
    assert found.on(Scale.RATIO, at_least=False) == math.log(found.value)
    assert found.on(Scale.DIFFERENCE, at_least=True) == -found.value


def test_too_few_turns_for_the_percentile_are_told_with_the_run(simulate: MakeRun) -> None:
    found = replicate(RunEvidence(simulate("short", sessions=10), PRICES), P95, Scale.RATIO)
    assert found.value is None
    assert found.why == "needs 59 turns in every run, short has 50"


def test_a_percentile_among_timeouts_is_what_it_is_at_least(simulate: MakeRun) -> None:
    evidence = RunEvidence(simulate("a", timeouts=10), PRICES)
    found = replicate(evidence, P95, Scale.RATIO)
    assert found.censored
    assert found.value == 15_000
    assert within_run(evidence, P95, Scale.RATIO, 1) is None


def test_no_ratio_without_something_above_zero(
    make_run: MakeRun, make_turn: Callable[..., object]
) -> None:
    run = make_run([make_turn(-5.0, session=f"s{n}") for n in range(60)])
    evidence = RunEvidence(run, PRICES)
    assert "tolerance_ms" in replicate(evidence, P95, Scale.RATIO).why
    assert replicate(evidence, P95, Scale.DIFFERENCE).value == -5.0


def test_no_failure_at_all_is_not_without_chance(simulate: MakeRun) -> None:
    evidence = RunEvidence(simulate("a"), PRICES)
    found = replicate(evidence, Objective(quantity=FailureRate()), Scale.DIFFERENCE)
    assert found.value == 0
    assert 0 < found.within_se < 0.02
    nothing = Objective(quantity=Attainment("barge_in_stop", 100.0))
    assert replicate(evidence, nothing, Scale.DIFFERENCE).value is None


def test_chance_within_a_run_is_of_its_sessions(simulate: MakeRun) -> None:
    evidence = RunEvidence(simulate("a", sessions=100), PRICES)
    error = within_run(evidence, P95, Scale.RATIO, 1)
    assert error is not None
    assert 0.01 < error < 0.08
    in_ms = within_run(evidence, P95, Scale.DIFFERENCE, 1)
    assert in_ms is not None
    assert in_ms > 10
    within = Objective(quantity=Attainment("voice_to_voice", 800.0))
    share = within_run(evidence, within, Scale.DIFFERENCE, 1)
    assert share is not None
    assert 0.01 < share < 0.06
    assert within_run(evidence, Objective(quantity=CostPerMinute()), Scale.RATIO, 1) == 0
    one = RunEvidence(simulate("b", sessions=1, per=60), PRICES)
    assert within_run(one, P95, Scale.RATIO, 1) is None
    assert within_run(one, within, Scale.DIFFERENCE, 1) is None
