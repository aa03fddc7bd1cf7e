"""An unchanged target against itself: how far runs differ, and how often the gate cries wolf."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from harness.analysis.comparison.effect import Effect, RunSpread, single, unpaired
from harness.analysis.comparison.replicate import replicate, within_run
from harness.analysis.intervals import CONFIDENCE
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.objective import Objective, Scale
from harness.errors import BadInput

FEWEST_RUNS = 4
"""Two a side are the least that can be compared."""

_MOST_SPLITS = 2_000
_SEED = 20_261_129


@dataclass(frozen=True, slots=True)
class AlarmRate:
    """How often comparisons of an unchanged target ended in an alarm.

    Attributes:
        comparisons: How many were made.
        beyond_tolerance: Of them, shown to be slower than tolerated: the gate failed.
        slower: Of them, shown to be slower at all.
    """

    comparisons: int
    beyond_tolerance: int
    slower: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfComparison:
    """What runs of an unchanged target show.

    Attributes:
        objective: What was compared.
        values: The quantity in each run.
        sd: Standard deviation of the runs, on the scale of the comparison.
        sd_low: Lower end of its 95 % interval.
        sd_high: Upper end.
        between: The part of it that chance within the runs does not explain.
        splits: Half of the runs against the other half, in every way.
        singles: Each run against each other.
    """

    objective: Objective
    values: tuple[float, ...]
    sd: float
    sd_low: float
    sd_high: float
    between: RunSpread
    splits: AlarmRate
    singles: AlarmRate


def compare_with_itself(
    evidence: Sequence[RunEvidence], objective: Objective, confidence: float
) -> SelfComparison:
    """Compare the runs of an unchanged target with each other.

    Args:
        evidence: Of at least `FEWEST_RUNS` runs.
        objective: It has a tolerance.
        confidence: Of the one-sided bounds.

    Raises:
        BadInput: There are too few runs, or one does not support the quantity.
    """
    if len(evidence) < FEWEST_RUNS:
        raise BadInput(
            f"{len(evidence)} runs cannot be compared with each other",
            hint=f"Give {FEWEST_RUNS} or more of an unchanged target",
        )
    assert objective.tolerance is not None
    scale = objective.tolerance.scale
    found = [replicate(one, objective, scale) for one in evidence]
    for one, run in zip(found, evidence, strict=True):
        if one.value is None or one.censored:
            why = one.why or "lies above the callers' time limit"
            raise BadInput(f"{objective.subject} {why}", where=run.run_id, hint="Hold more calls")
    at_least = objective.quantity.at_least
    values = [one.on(scale, at_least=at_least) for one in found]
    errors = [within_run(one, objective, scale, side) for side, one in enumerate(evidence, start=1)]
    sd = float(np.std(values, ddof=1))
    within = [error**2 for error in errors if error is not None]
    inside = float(np.mean(within)) if within else 0.0
    name = f"{len(values)} runs of this target"
    between = RunSpread(math.sqrt(max(0.0, sd**2 - inside)), len(values), name)
    size = objective.tolerance.size
    tolerated = math.log1p(size) if scale is Scale.RATIO else size
    sessions = min(one.sessions for one in found)
    low, high = _sd_interval(sd, len(values))
    return SelfComparison(
        objective=objective,
        values=tuple(one.value for one in found if one.value is not None),
        sd=sd,
        sd_low=low,
        sd_high=high,
        between=between,
        splits=_alarms(_splits(values), tolerated, confidence),
        singles=_alarms(_singles(values, errors, between, sessions), tolerated, confidence),
    )


def _alarms(effects: Iterator[Effect], tolerated: float, confidence: float) -> AlarmRate:
    count = beyond = slower = 0
    for effect in effects:
        bounds = effect.bounds(confidence)
        count += 1
        beyond += bounds is not None and bounds[0] > tolerated
        slower += bounds is not None and bounds[0] > 0
    return AlarmRate(count, beyond, slower)


def _splits(values: Sequence[float]) -> Iterator[Effect]:
    half = len(values) // 2
    everything = range(len(values))
    ways = math.comb(len(values), half)
    if ways <= _MOST_SPLITS:
        chosen: Iterator[Sequence[int]] = combinations(everything, half)
    else:
        rng = np.random.default_rng(_SEED)
        chosen = (rng.permutation(len(values))[:half].tolist() for _ in range(_MOST_SPLITS))
    for mine in chosen:
        theirs = [number for number in everything if number not in mine]
        yield unpaired([values[n] for n in mine], [values[n] for n in theirs])


def _singles(
    values: Sequence[float], errors: Sequence[float | None], between: RunSpread, sessions: int
) -> Iterator[Effect]:
    for mine in range(len(values)):
        for theirs in range(len(values)):
            if mine != theirs:
                yield single(
                    (values[mine], errors[mine]),
                    (values[theirs], errors[theirs]),
                    between,
                    sessions,
                )


def _sd_interval(sd: float, runs: int) -> tuple[float, float]:
    """Return the two-sided interval of a standard deviation of normal values."""
    from scipy.special import chdtri

    tail = (1 - CONFIDENCE) / 2
    # chdtri takes the upper tail.
    low, high = (float(chdtri(runs - 1, share)) for share in (tail, 1 - tail))
    return sd * math.sqrt((runs - 1) / low), sd * math.sqrt((runs - 1) / high)
