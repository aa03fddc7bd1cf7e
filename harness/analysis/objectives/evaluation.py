"""Verdicts on the objectives of one run, from one-sided bounds and never from a point estimate."""

from collections.abc import Iterable
from dataclasses import dataclass

from harness.analysis.objectives.evidence import Evidence
from harness.analysis.objectives.measured import Measured
from harness.analysis.objectives.objective import Objective
from harness.analysis.objectives.parsing import Objectives
from harness.analysis.objectives.settling import settle
from harness.analysis.objectives.verdict import GateVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveResult:
    """One objective and its verdict on a run.

    Attributes:
        objective: What was asked for.
        run_id: Of which run.
        verdict: What came of it.
        found: What was measured.
        measured: The same in words.
        settle: What would settle it, in words; empty unless it is inconclusive.
    """

    objective: Objective
    run_id: str
    verdict: GateVerdict
    found: Measured
    measured: str
    settle: str = ""


def evaluate_objectives(evidence: Evidence, asked: Objectives) -> tuple[ObjectiveResult, ...]:
    """Decide the absolute limits of objectives on a run.

    Raises:
        BadInput: An objective is about a part that the run does not have.
    """
    return tuple(_evaluated(evidence, asked.objectives, asked.confidence))


def _evaluated(
    evidence: Evidence, objectives: Iterable[Objective], confidence: float
) -> Iterable[ObjectiveResult]:
    for objective in objectives:
        if objective.limit is None:
            continue
        found = evidence.measure(objective, confidence)
        verdict = _verdict(found, objective.limit, at_least=objective.quantity.at_least)
        open_ = verdict is GateVerdict.INCONCLUSIVE
        yield ObjectiveResult(
            objective=objective,
            run_id=evidence.run_id,
            verdict=verdict,
            found=found,
            measured=in_words(objective, found),
            settle=settle(found, objective.quantity, objective.limit, confidence) if open_ else "",
        )


def _verdict(found: Measured, limit: float, *, at_least: bool) -> GateVerdict:
    low, high = found.low, found.high
    if at_least:
        shown, missed = low is not None and low >= limit, high is not None and high < limit
    else:
        shown, missed = high is not None and high <= limit, low is not None and low > limit
    if shown:
        return GateVerdict.PASS
    return GateVerdict.FAIL if missed else GateVerdict.INCONCLUSIVE


def in_words(objective: Objective, found: Measured) -> str:
    """Return the estimate, its bounds, and what they rest on."""
    if found.value is None and found.low is None:
        return "no data" if not found.n else f"unknown, n {found.n}: {found.why}"
    shown = objective.quantity.shown
    if found.value is None:
        assert found.low is not None
        words = f"at least {shown(found.low)}"
    else:
        low = "unknown" if found.low is None else shown(found.low).removesuffix(" ms")
        high = "unknown" if found.high is None else shown(found.high).removesuffix(" ms")
        words = shown(found.value)
        if not found.low == found.high == found.value:
            words += f" [{low}, {high}]"
    words += f", n {found.n}" if found.hits is None else f", {found.hits} of {found.n}"
    if found.why:
        words += f", {found.why}"
    return words


def resting_on(found: Measured) -> str:
    """Return what the bounds rest on: sessions, their likeness, and the effective number."""
    if found.n_eff is None or not found.sessions:
        return ""
    words = f"{found.n} {found.of} in {found.sessions} sessions"
    if found.icc is not None:
        words += f", ICC {found.icc:.2f}"
    if found.design_effect is not None:
        words += f", design effect {found.design_effect:.2f}"
    return f"{words}: worth {found.n_eff:.0f} independent {found.of}"
