"""One gate with every kind of finding."""

import math

import pytest

from harness.analysis import (
    Comparison,
    GateReport,
    GateVerdict,
    Objective,
    ObjectiveResult,
    Scale,
    Shift,
)
from harness.analysis.comparison.effect import Design, Effect
from harness.analysis.comparison.replicate import Replicate
from harness.analysis.objectives.measured import Measured
from harness.analysis.objectives.objective import Tolerance
from harness.analysis.objectives.quantities import Attainment, FailureRate, Percentile


def objective(verdict: GateVerdict, settle: str = "") -> ObjectiveResult:
    found = Measured(value=0.02, n=100, sessions=10, n_eff=50.0, design_effect=2.0, icc=0.1)
    return ObjectiveResult(
        objective=Objective(quantity=FailureRate(), limit=0.01),
        run_id="b",
        verdict=verdict,
        found=found,
        measured="2.00%",
        settle=settle,
    )


def comparison(verdict: GateVerdict, *, primary: bool) -> Comparison:
    quantity = Percentile("voice_to_voice", 95) if primary else Attainment("greeting", 900.0)
    scale = Scale.RATIO if primary else Scale.DIFFERENCE
    return Comparison(
        objective=Objective(quantity=quantity, tolerance=Tolerance(0.05, scale)),
        primary=primary,
        verdict=verdict,
        candidate=(Replicate(value=1_100.0),),
        baseline=(Replicate(value=1_000.0),),
        tolerated=math.log(1.05) if primary else 0.05,
        effect=Effect(
            estimate=math.log(1.1),
            se=0.02,
            degrees=4,
            design=Design.PAIRED,
            runs=5,
            baseline_runs=5,
            sd=0.05,
        ),
        low=math.log(1.02),
        high=math.log(1.2),
        detectable=math.log(1.15),
        adjusted=None if primary else 0.04,
        runs_needed=9,
    )


@pytest.fixture
def gate() -> GateReport:
    return GateReport(
        runs=("a|1", "b"),
        objectives=(
            objective(GateVerdict.PASS),
            objective(GateVerdict.FAIL),
            objective(GateVerdict.INCONCLUSIVE, "about 400 turns"),
        ),
        confidence=0.95,
        baseline=("c",),
        comparisons=(
            comparison(GateVerdict.INCONCLUSIVE, primary=True),
            comparison(GateVerdict.FAIL, primary=False),
        ),
        shift=(Shift(0.1, 600.0, 12.0, 3.0, 20.0), Shift(0.9, 900.0, None)),
        shift_of="voice_to_voice",
        caveats=("a <stall>",),
        notes=("host differs: x, y\x07",),
    )
