from harness.analysis.gating import GateReport
from harness.analysis.objectives.judging import ObjectiveResult
from harness.analysis.objectives.measured import Measured
from harness.analysis.objectives.objective import Objective
from harness.analysis.objectives.quantities import FailureRate
from harness.analysis.objectives.verdict import GateVerdict


def result(verdict: GateVerdict) -> ObjectiveResult:
    return ObjectiveResult(
        objective=Objective(quantity=FailureRate(), limit=0.1),
        run_id="run",
        verdict=verdict,
        found=Measured(value=None),
        measured="",
    )


def report(*verdicts: GateVerdict) -> GateReport:
    return GateReport(runs=("run",), objectives=tuple(map(result, verdicts)), confidence=0.95)


def test_every_absolute_limit_decides() -> None:
    assert report(GateVerdict.PASS, GateVerdict.PASS).verdict is GateVerdict.PASS
    assert report(GateVerdict.PASS, GateVerdict.FAIL).verdict is GateVerdict.FAIL


def test_a_gate_that_judged_nothing_does_not_pass() -> None:
    assert report().verdict is GateVerdict.INCONCLUSIVE
