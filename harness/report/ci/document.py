"""A gate's verdict as a JSON document: what other programs read.

Schema `harness.gate/1`: within the number fields may be added. Sizes of comparisons are changes of
the quantity itself: shares of the baseline on the scale `ratio`, else its own unit; latencies are
milliseconds.
"""

import math
from typing import Any

from harness.analysis import Comparison, GateReport, ObjectiveResult, Scale, Shift
from harness.errors import ExitCode, HarnessError

GATE_SCHEMA = "harness.gate/1"

EXIT_CODES = {
    "pass": ExitCode.PASS,
    "fail": ExitCode.FAIL,
    "inconclusive": ExitCode.INCONCLUSIVE,
}
"""Verdict to exit code."""


def gate_document(report: GateReport) -> dict[str, Any]:
    """Return the document of a gate."""
    return {
        "schema": GATE_SCHEMA,
        "verdict": str(report.verdict),
        "exit_code": int(EXIT_CODES[report.verdict]),
        "confidence": report.confidence,
        "runs": list(report.runs),
        "baseline": list(report.baseline),
        "objectives": [_objective(result) for result in report.objectives],
        "comparisons": [_comparison(found) for found in report.comparisons],
        "shift": {"metric": report.shift_of, "deciles": [_decile(s) for s in report.shift]},
        "degraded": list(report.caveats),
        "notes": list(report.notes),
    }


def refusal_document(error: HarnessError) -> dict[str, Any]:
    """Return the document of a gate that could judge nothing."""
    return {
        "schema": GATE_SCHEMA,
        "verdict": error.exit_code.name.lower(),
        "exit_code": int(error.exit_code),
        "error": str(error),
    }


def _objective(result: ObjectiveResult) -> dict[str, Any]:
    found, objective = result.found, result.objective
    return {
        "run": result.run_id,
        "objective": str(objective),
        "subject": objective.subject,
        "limit": objective.limit,
        "verdict": str(result.verdict),
        "value": _rounded(found.value),
        "low": _rounded(found.low),
        "high": _rounded(found.high),
        "n": found.n,
        "of": found.of,
        "sessions": found.sessions,
        "censored": found.censored,
        "n_eff": _rounded(found.n_eff, 1),
        "design_effect": _rounded(found.design_effect),
        "icc": _rounded(found.icc, 4),
        "why": found.why,
        "checks": [
            {"name": check.name, "low": _rounded(check.low), "high": _rounded(check.high)}
            for check in found.checks
        ],
        "settle": result.settle,
    }


def _comparison(found: Comparison) -> dict[str, Any]:
    effect = found.effect
    low, high = found.low, found.high
    if found.objective.quantity.at_least:
        low, high = high, low
    return {
        "subject": found.objective.subject,
        "primary": found.primary,
        "verdict": str(found.verdict),
        "scale": str(found.scale),
        "tolerance": _change(found, found.tolerated),
        "change": None if effect is None else _change(found, effect.estimate),
        "low": _change(found, low),
        "high": _change(found, high),
        "detectable": _change(found, found.detectable),
        "adjusted_p": _rounded(found.adjusted),
        "design": None if effect is None else str(effect.design),
        "runs_needed": found.runs_needed,
        "candidate": [_rounded(one.value) for one in found.candidate],
        "baseline": [_rounded(one.value) for one in found.baseline],
        "why": found.why,
    }


def _decile(shift: Shift) -> dict[str, Any]:
    return {
        "p": shift.p,
        "baseline": _rounded(shift.baseline_ms),
        "change": _rounded(shift.change_ms),
        "low": _rounded(shift.low_ms),
        "high": _rounded(shift.high_ms),
    }


def _change(found: Comparison, worse: float | None) -> float | None:
    """Return a size on the comparison's scale as a change of the quantity."""
    if worse is None:
        return None
    change = -worse if found.objective.quantity.at_least else worse
    return _rounded(math.expm1(change) if found.scale is Scale.RATIO else change, 6)


def _rounded(value: float | None, digits: int = 6) -> float | None:
    return None if value is None else round(value, digits)
