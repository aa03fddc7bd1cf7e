"""One objective on candidate and baseline: its effect against the tolerance, and the verdict."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.analysis.comparison.effect import (
    Effect,
    RunSpread,
    paired,
    single,
    unpaired,
)
from harness.analysis.comparison.multiplicity import holm
from harness.analysis.comparison.power import detectable, runs_to_settle
from harness.analysis.comparison.replicate import Replicate, replicate, within_run
from harness.analysis.comparison.resampling import SessionDraws
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.objective import Objective, Scale
from harness.analysis.objectives.quantities import Percentile
from harness.analysis.objectives.verdict import GateVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One objective, compared; sizes are on the scale of the comparison, more being worse.

    Attributes:
        objective: What was asked for; it has a tolerance.
        primary: It decides; otherwise it is secondary, and adjusted for the number of those.
        verdict: What came of it.
        candidate: The quantity in each of the candidate's runs.
        baseline: The same for the baseline.
        tolerated: How much worse is tolerated.
        effect: How much worse it is; `None` when it cannot be told.
        low: What it is worse by at least, with the gate's confidence; `None` when not known.
        high: What it is worse by at most.
        detectable: The smallest true change that these runs fail in four of five cases.
        adjusted: Of a secondary one, the p-value of the verdict, adjusted.
        runs_needed: Pairs, or runs a side, that would decide if the estimate stayed.
        why: Why something is missing.
    """

    objective: Objective
    primary: bool
    verdict: GateVerdict
    candidate: tuple[Replicate, ...]
    baseline: tuple[Replicate, ...]
    tolerated: float
    effect: Effect | None = None
    low: float | None = None
    high: float | None = None
    detectable: float | None = None
    adjusted: float | None = None
    runs_needed: int | None = None
    why: str = ""

    @property
    def scale(self) -> Scale:
        """Ratio or difference."""
        assert self.objective.tolerance is not None
        return self.objective.tolerance.scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How comparisons are made.

    Attributes:
        confidence: Of every one-sided statement.
        in_pairs: Runs of the same number belong together.
        between: How runs of an unchanged target differ, for single runs: by the subject of an
            objective, or under no name for all percentiles.
        draws: Those of the session bootstrap, made once for all that look at the same turns.
    """

    confidence: float
    in_pairs: bool = False
    between: Mapping[str, RunSpread] = field(default_factory=dict)
    draws: SessionDraws = field(default_factory=SessionDraws)

    def spread_of(self, objective: Objective, value: float) -> RunSpread | None:
        """Return how runs differ in an objective's quantity, on the scale of its comparison.

        Args:
            objective: It has a tolerance.
            value: The baseline's, for differences in place of ratios.
        """
        found = self.between.get(objective.subject) or self.between.get("")
        assert objective.tolerance is not None
        if found is None or objective.tolerance.scale is Scale.RATIO:
            return found
        if isinstance(objective.quantity, Percentile):
            return replace(found, sd=found.sd * abs(value))
        return None


def compare(
    candidate: Sequence[RunEvidence],
    baseline: Sequence[RunEvidence],
    objectives: Sequence[Objective],
    setting: Setting,
) -> tuple[Comparison, ...]:
    """Compare runs with baseline runs, the primary objective first.

    Args:
        candidate: The runs to judge.
        baseline: The runs they are held against.
        objectives: Those with a tolerance; the first is primary where none says so.
        setting: How.

    Raises:
        BadInput: A run lacks a part that an objective is about.
    """
    chosen = [objective for objective in objectives if objective.tolerance is not None]
    if not chosen:
        return ()
    first = next((objective for objective in chosen if objective.primary), chosen[0])
    ordered = [first, *(objective for objective in chosen if objective is not first)]
    found = [
        _compare_one(candidate, baseline, objective, setting, primary=objective is first)
        for objective in ordered
    ]
    return (found[0], *_adjusted(found[1:], setting.confidence))


def _compare_one(
    candidate: Sequence[RunEvidence],
    baseline: Sequence[RunEvidence],
    objective: Objective,
    setting: Setting,
    *,
    primary: bool,
) -> Comparison:
    tolerance, at_least = objective.tolerance, objective.quantity.at_least
    assert tolerance is not None
    scale = tolerance.scale
    mine = tuple(replicate(one, objective, scale) for one in candidate)
    theirs = tuple(replicate(one, objective, scale) for one in baseline)
    tolerated = math.log1p(tolerance.size) if scale is Scale.RATIO else tolerance.size
    bare = Comparison(
        objective=objective,
        primary=primary,
        verdict=GateVerdict.INCONCLUSIVE,
        candidate=mine,
        baseline=theirs,
        tolerated=tolerated,
    )
    unknown = next((one.why for one in (*mine, *theirs) if one.value is None), "")
    if unknown:
        return replace(bare, why=unknown)
    if any(one.censored for one in theirs):
        return replace(bare, why="the baseline's lies above the callers' time limit")
    values = [one.on(scale, at_least=at_least) for one in mine]
    against = [one.on(scale, at_least=at_least) for one in theirs]
    if len(mine) == len(theirs) == 1:
        errors = [
            within_run(evidence, objective, scale, side, setting.draws)
            for side, evidence in enumerate((candidate[0], baseline[0]), start=1)
        ]
        effect = single(
            (values[0], errors[0]),
            (against[0], errors[1]),
            setting.spread_of(objective, theirs[0].value or 0.0),
            min(mine[0].sessions, theirs[0].sessions),
        )
    elif setting.in_pairs:
        effect = paired(values, against, _least_se(mine, theirs))
    else:
        effect = unpaired(values, against, _least_se(mine, theirs))
    return _decided(replace(bare, effect=effect, why=effect.why), setting.confidence)


def _least_se(*sides: Sequence[Replicate]) -> float:
    """Return what chance within the runs alone makes the standard error of a difference."""
    parts = (sum(one.within_se**2 for one in side) / len(side) ** 2 for side in sides)
    return math.sqrt(sum(parts))


def verdict_of(effect: Effect, tolerated: float, confidence: float) -> GateVerdict:
    """Return what an effect shows against the difference that is tolerated."""
    bounds = effect.bounds(confidence)
    if bounds is not None and bounds[0] > tolerated:
        return GateVerdict.FAIL
    if bounds is not None and bounds[1] <= tolerated:
        return GateVerdict.PASS
    return GateVerdict.INCONCLUSIVE


def _decided(found: Comparison, confidence: float) -> Comparison:
    """Return the comparison with its bounds and what they show."""
    effect = found.effect
    assert effect is not None
    bounds = effect.bounds(confidence)
    if bounds is None:
        return found
    low, high = bounds
    # A right-censored candidate is at least as slow as it looks: it can fail, and cannot pass.
    censored = any(one.censored for one in found.candidate)
    verdict = verdict_of(effect, found.tolerated, confidence)
    if censored and verdict is GateVerdict.PASS:
        verdict = GateVerdict.INCONCLUSIVE
    is_open = verdict is GateVerdict.INCONCLUSIVE
    return replace(
        found,
        verdict=verdict,
        low=low,
        high=None if censored else high,
        detectable=detectable(effect, found.tolerated, confidence),
        runs_needed=runs_to_settle(effect, found.tolerated, confidence) if is_open else None,
        why="the candidate's lies above the callers' time limit" if censored else found.why,
    )


def _adjusted(secondary: Sequence[Comparison], confidence: float) -> list[Comparison]:
    """Return secondary comparisons with verdicts that hold for all of them together."""
    failing, passing = [], []
    for found in secondary:
        p = None if found.effect is None else found.effect.chance_below(found.tolerated)
        failing.append(p)
        passing.append(None if p is None or found.high is None else 1 - p)
    judged = []
    for found, fails, passes in zip(secondary, holm(failing), holm(passing), strict=True):
        verdict, adjusted = GateVerdict.INCONCLUSIVE, fails
        if found.verdict is GateVerdict.FAIL and fails is not None and fails <= 1 - confidence:
            verdict = GateVerdict.FAIL
        elif found.verdict is GateVerdict.PASS:
            adjusted = passes
            if passes is not None and passes <= 1 - confidence:
                verdict = GateVerdict.PASS
        judged.append(replace(found, verdict=verdict, adjusted=adjusted))
    return judged
