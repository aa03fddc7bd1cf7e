from harness.analysis import GateReport, GateVerdict, Objective, ObjectiveResult
from harness.analysis.objectives.measured import Measured
from harness.analysis.objectives.quantities import FailureRate
from harness.report.ci.text import gate_text


def test_one_line_a_finding_and_the_verdict_last() -> None:
    found = Measured(value=0.02, n=100, sessions=10, n_eff=50.0, design_effect=2.0, icc=0.1)
    result = ObjectiveResult(
        objective=Objective(quantity=FailureRate(), limit=0.01),
        run_id="b",
        verdict=GateVerdict.INCONCLUSIVE,
        found=found,
        measured="2.00%",
        settle="about 400 turns",
    )
    report = GateReport(
        runs=("a", "b"), objectives=(result,), confidence=0.95, caveats=("a stall",)
    )
    first, rests, last = gate_text(report).splitlines()
    assert first == (
        "INCONCLUSIVE  failure rate at most 1.00% in b: 2.00%; to settle it: about 400 turns"
    )
    assert "ICC 0.10" in rests
    assert last == "INCONCLUSIVE: a, b (DEGRADED: a stall)"
