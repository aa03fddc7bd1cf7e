"""One run as a replicate: a single number on the scale of the comparison."""

import math
from dataclasses import dataclass

import numpy as np

from harness.analysis.comparison.resampling import SessionDraws, share_draws, spread
from harness.analysis.intervals import clustering
from harness.analysis.metrics import BY_NAME
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.measured import fewest
from harness.analysis.objectives.objective import Objective, Scale
from harness.analysis.objectives.quantities import CostPerMinute, Percentile

# A percentile of fewer turns is little more than their maximum.
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicate:
    """A quantity in one run.

    Attributes:
        value: In the quantity's unit; `None` when it cannot be told.
        censored: It is right-censored: `value` is what it is at least.
        within_se: Standard error by chance within the run, of a share; 0 for other quantities.
        sessions: Sessions it comes from.
        n: Turns it comes from.
        needs: What would do, in words, where more of something would.
        why: Why it cannot be told.
    """

    value: float | None
    censored: bool = False
    within_se: float = 0.0
    sessions: int = 0
    n: int = 0
    needs: str = ""
    why: str = ""

    def on(self, scale: Scale, *, at_least: bool) -> float:
        """Return the value on a scale on which more is worse."""
        assert self.value is not None
        value = math.log(self.value) if scale is Scale.RATIO else self.value
        return -value if at_least else value


def replicate(evidence: RunEvidence, objective: Objective, scale: Scale) -> Replicate:
    """Measure an objective's quantity in a run.

    Raises:
        BadInput: The run has no such part.
    """
    quantity = objective.quantity
    if isinstance(quantity, Percentile):
        return _percentile(evidence, objective, quantity, scale)
    if isinstance(quantity, CostPerMinute):
        found = evidence.measure(objective, _CONFIDENCE)
        return _positive(Replicate(value=found.value, n=found.n, why=found.why), scale, evidence)
    shared = evidence.hits(quantity, objective.where)
    hits, sessions = shared.flags, shared.sessions
    if not len(hits):
        return Replicate(value=None, why=f"no {shared.of} were measured in {evidence.run_id}")
    alike, n = clustering(hits, sessions), len(hits)
    # One more of each kind, so that no failure at all is not a rate without chance.
    guess = (float(hits.sum()) + 1) / (n + 2)
    effect = 1.0 if alike is None else alike.design_effect
    return Replicate(
        value=float(hits.mean()),
        within_se=math.sqrt(effect * guess * (1 - guess) / n),
        sessions=len(np.unique(sessions)),
        n=n,
    )


def _percentile(
    evidence: RunEvidence, objective: Objective, quantity: Percentile, scale: Scale
) -> Replicate:
    found = evidence.sample(BY_NAME[quantity.metric], objective.where)
    n, p = len(found.values_ms), quantity.percent / 100
    if n < fewest(p, _CONFIDENCE):
        needs = f"{fewest(p, _CONFIDENCE)} {found.of} in every run"
        why = f"needs {needs}, {evidence.run_id} has {n}"
        return Replicate(value=None, n=n, needs=needs, why=why)
    rank = math.ceil(round(n * p, 9)) - 1
    value = float(np.partition(found.values_ms, rank)[rank])
    told = Replicate(
        value=found.floor_ms if math.isinf(value) else value,
        censored=math.isinf(value),
        sessions=len(np.unique(found.sessions)),
        n=n,
    )
    return _positive(told, scale, evidence)


def _positive(found: Replicate, scale: Scale, evidence: RunEvidence) -> Replicate:
    if scale is Scale.RATIO and found.value is not None and found.value <= 0:
        why = f"is not above 0 in {evidence.run_id}, so it has no ratio; give tolerance_ms"
        return Replicate(value=None, n=found.n, why=why)
    return found


def within_run(
    evidence: RunEvidence,
    objective: Objective,
    scale: Scale,
    side: int,
    draws: SessionDraws | None = None,
) -> float | None:
    """Return the standard error of a quantity by the session bootstrap, on a scale.

    Args:
        evidence: Of the run.
        objective: Its quantity has been measured in the run.
        scale: Of the comparison.
        side: A number of its own for each run whose draws are to be independent.
        draws: Those made before, of the same runs.

    Returns:
        `None` where it cannot be known: one session, or a tail that is right-censored.
    """
    quantity = objective.quantity
    if isinstance(quantity, CostPerMinute):
        return 0.0
    if isinstance(quantity, Percentile):
        found = evidence.sample(BY_NAME[quantity.metric], objective.where)
        sessions = len(np.unique(found.sessions))
        if sessions < 2:
            return None
        key = (side, quantity.metric, objective.where)
        known = SessionDraws() if draws is None else draws
        drawn = known.of(key, found, [quantity.percent / 100], side)[:, 0]
        if scale is Scale.RATIO:
            drawn = np.log(np.where(drawn > 0, drawn, np.inf))
        return spread(drawn, sessions)
    hits = evidence.hits(quantity, objective.where)
    sessions = len(np.unique(hits.sessions))
    if sessions < 2:
        return None
    return spread(share_draws(hits.flags, hits.sessions, side), sessions)
