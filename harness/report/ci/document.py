"""A gate's verdict as a JSON document, typed by `harness.model.gate_document`."""

import math
from typing import Any, cast

from harness.analysis import Comparison, GateReport, GateVerdict, ObjectiveResult, Scale, Shift
from harness.errors import ExitCode, HarnessError
from harness.model.gate_document import (
    GATE_SCHEMA,
    BoundCheck,
    ComparisonFinding,
    DecileShift,
    GateDocument,
    GateRefusal,
    ObjectiveFinding,
    ShiftFinding,
    Verdict,
)

EXIT_CODES = {
    "pass": ExitCode.PASS,
    "fail": ExitCode.FAIL,
    "inconclusive": ExitCode.INCONCLUSIVE,
}
"""Verdict to exit code."""


def gate_document(report: GateReport) -> GateDocument:
    """Return the document of a gate."""
    return GateDocument(
        schema=GATE_SCHEMA,
        verdict=_verdict(report.verdict),
        exit_code=cast("Any", int(EXIT_CODES[report.verdict])),
        confidence=report.confidence,
        runs=list(report.runs),
        baseline=list(report.baseline),
        objectives=[_objective(one) for one in report.objectives],
        comparisons=[_comparison(one) for one in report.comparisons],
        shift=ShiftFinding(metric=report.shift_of, deciles=[_decile(one) for one in report.shift]),
        degraded=list(report.caveats),
        notes=list(report.notes),
    )


def refusal_document(error: HarnessError) -> GateRefusal:
    """Return the document of a gate that could judge nothing."""
    return GateRefusal(
        schema=GATE_SCHEMA,
        verdict=cast("Any", error.exit_code.name.lower()),
        exit_code=cast("Any", int(error.exit_code)),
        error=str(error),
    )


def _objective(result: ObjectiveResult) -> ObjectiveFinding:
    found, objective = result.found, result.objective
    return ObjectiveFinding(
        run=result.run_id,
        objective=str(objective),
        subject=objective.subject,
        limit=objective.limit,
        verdict=_verdict(result.verdict),
        value=_rounded(found.value),
        low=_rounded(found.low),
        high=_rounded(found.high),
        n=found.n,
        of=found.of,
        sessions=found.sessions,
        censored=found.censored,
        n_eff=_rounded(found.n_eff, 1),
        design_effect=_rounded(found.design_effect),
        icc=_rounded(found.icc, 4),
        why=found.why,
        checks=[
            BoundCheck(name=check.name, low=_rounded(check.low), high=_rounded(check.high))
            for check in found.checks
        ],
        settle=result.settle,
    )


def _comparison(found: Comparison) -> ComparisonFinding:
    effect = found.effect
    low, high = found.low, found.high
    if found.objective.quantity.at_least:
        low, high = high, low
    return ComparisonFinding(
        subject=found.objective.subject,
        primary=found.primary,
        verdict=_verdict(found.verdict),
        scale=cast("Any", str(found.scale)),
        tolerance=_change(found, found.tolerated),
        change=None if effect is None else _change(found, effect.estimate),
        low=_change(found, low),
        high=_change(found, high),
        detectable=_change(found, found.detectable),
        adjusted_p=_rounded(found.adjusted),
        design=None if effect is None else cast("Any", str(effect.design)),
        runs_needed=found.runs_needed,
        candidate=[_rounded(one.value) for one in found.candidate],
        baseline=[_rounded(one.value) for one in found.baseline],
        why=found.why,
    )


def _decile(shift: Shift) -> DecileShift:
    return DecileShift(
        p=shift.p,
        baseline=_rounded(shift.baseline_ms),
        change=_rounded(shift.change_ms),
        low=_rounded(shift.low_ms),
        high=_rounded(shift.high_ms),
    )


def _verdict(verdict: GateVerdict) -> Verdict:
    return cast("Verdict", str(verdict))


def _change(found: Comparison, worse: float | None) -> float | None:
    """Return a size on the comparison's scale as a change of the quantity."""
    if worse is None:
        return None
    change = -worse if found.objective.quantity.at_least else worse
    return _rounded(math.expm1(change) if found.scale is Scale.RATIO else change)


def _rounded(value: float | None, digits: int = 6) -> float | None:
    """Return a number that JSON can hold: what lies beyond every limit is not known."""
    return None if value is None or not math.isfinite(value) else round(value, digits)
