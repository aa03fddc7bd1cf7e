import math
from typing import Any

import pytest

from harness.analysis import Comparison, GateVerdict, Objective, Scale
from harness.analysis.comparison.effect import Design, Effect
from harness.analysis.comparison.replicate import Replicate
from harness.analysis.objectives.objective import Tolerance
from harness.analysis.objectives.quantities import (
    Attainment,
    CostPerMinute,
    FailureRate,
    Percentile,
    Quantity,
)
from harness.report.ci import wording

P95 = Percentile("voice_to_voice", 95)


def compared(quantity: Quantity = P95, scale: Scale = Scale.RATIO, **more: Any) -> Comparison:
    effect = Effect(
        estimate=math.log(1.1),
        se=0.02,
        degrees=4,
        design=Design.PAIRED,
        runs=5,
        baseline_runs=5,
        sd=math.log(1.05),
    )
    settled: dict[str, Any] = {
        "objective": Objective(quantity=quantity, tolerance=Tolerance(0.05, scale)),
        "primary": True,
        "verdict": GateVerdict.INCONCLUSIVE,
        "candidate": (Replicate(value=1_100.0),),
        "baseline": (Replicate(value=1_000.0),),
        "tolerated": math.log(1.05) if scale is Scale.RATIO else 0.05,
        "effect": effect,
        "low": math.log(1.02),
        "high": math.log(1.2),
        "detectable": math.log(1.15),
        "runs_needed": 9,
    }
    return Comparison(**(settled | more))


def test_a_change_has_its_sign_its_bounds_and_its_unit() -> None:
    found = compared()
    assert wording.change(found) == "+10.0% [+2.0%, +20.0%]"
    assert wording.tolerance(found) == "tolerance +5.0%"
    assert wording.could_find(found) == "found in 4 of 5 cases: a change of +15.0% or worse"
    assert wording.settling(found) == "about 9 pairs, if the change stays"
    assert wording.levels(found) == "1100 ms against 1000 ms, 5 pairs, SD of a pair 5.0%"


@pytest.mark.parametrize(
    ("quantity", "worse", "words"),
    [
        (P95, 25.0, "+25 ms"),
        (FailureRate(), 0.015, "+1.50 points"),
        (Attainment("greeting", 5.0), 0.015, "-1.50 points"),
        (CostPerMinute(), 0.02, "+0.0200"),
    ],
)
def test_differences_are_in_the_unit_of_the_quantity(
    quantity: Quantity, worse: float, words: str
) -> None:
    assert wording.size(compared(quantity, Scale.DIFFERENCE), worse) == words


def test_where_more_is_better_the_bounds_change_places() -> None:
    found = compared(Attainment("greeting", 5.0), Scale.DIFFERENCE, low=0.01, high=0.03)
    assert "[-3.00 points, -1.00 points]" in wording.change(found)


def test_what_is_not_known_is_said() -> None:
    nothing = compared(effect=None, why="too few", candidate=(Replicate(value=None),))
    assert wording.change(nothing) == "not compared: too few"
    assert wording.levels(nothing) == ""
    assert wording.settling(nothing) == "what is said to be missing"
    short = compared(
        effect=None, candidate=(Replicate(value=None, needs="299 turns in every run"),)
    )
    assert wording.settling(short) == "299 turns in every run"
    assert wording.could_find(compared(detectable=None)) == "no change could have been found"
    assert "unknown" in wording.change(compared(high=None))
    assert "no number" in wording.settling(compared(runs_needed=None))
    assert wording.settling(compared(verdict=GateVerdict.PASS)) == ""
