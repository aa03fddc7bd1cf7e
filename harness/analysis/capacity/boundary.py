"""Is the limit a knee, where things get worse call by call, or a cliff, where all breaks at once?

A cliff is a jump between two neighbouring loads beside the limit that is beyond chance (three
standard deviations) and much steeper than what comes after it: behind the edge of a cliff it is
level, behind a knee it goes on as steeply. Steepness is the change of the latency at the
objective's percentile, in its logarithm, for a change of the load in its logarithm; of objectives
that limit no latency, the change of the margin.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from harness.analysis.capacity.limit import fit_steps, fitted_curves
from harness.analysis.capacity.step import ObjectiveShare, StepResult

NARROW = 1.25
"""Two loads further apart than this, and by more than one call, do not tell a jump from a slope."""
BEYOND = 1.3
"""How much larger a load must be to tell what comes after the limit."""
_SIGMAS = 3.0
_STEEPER = 5.0


class BoundaryKind(StrEnum):
    """How the limit is passed."""

    KNEE = "knee"
    CLIFF = "cliff"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """How the limit is passed.

    Attributes:
        kind: Knee, cliff, or not known.
        why: What that rests on, or why it is not known, in words.
    """

    kind: BoundaryKind
    why: str


def bracket(steps: Sequence[StepResult]) -> tuple[int, int] | None:
    """Return the measured loads next to the limit, below and above; `None` where one is missing.

    Args:
        steps: At least one of them fit.
    """
    first = min(fitted_curves(steps), key=lambda one: one.root)
    if math.isinf(first.root) or first.root < first.loads[0]:
        return None
    below = max(load for load in first.loads if load <= first.root)
    above = [load for load in first.loads if load > below]
    return (below, above[0]) if above else None


def beyond(steps: Sequence[StepResult]) -> int | None:
    """Return the smallest measured load that tells what comes after the limit, if any."""
    beside = bracket(steps)
    if beside is None:
        return None
    wanted = max(beside[1] * BEYOND, beside[1] + 1)
    return min((step.load for step in fit_steps(steps) if step.load >= wanted), default=None)


def name_boundary(steps: Sequence[StepResult]) -> Boundary:
    """Name the way in which the limit is passed.

    Args:
        steps: At least one of them fit.
    """
    beside, far = bracket(steps), beyond(steps)
    if beside is None:
        return _unknown("no limit lies between two loads that were measured")
    low, high = beside
    if high - low > 1 and high > low * NARROW:
        return _unknown(f"nothing was measured between {low} and {high} calls")
    if far is None:
        return _unknown(f"nothing was measured far beyond {high} calls")
    fitted = fitted_curves(steps)
    number = min(range(len(fitted)), key=lambda index: fitted[index].root)
    at = {load: _at(steps, load, number) for load in (low, high, far)}
    jump, noise = _jump(at[low], at[high])
    inside = _steepness(at[low], at[high], low, high)
    after = _steepness(at[high], at[far], high, far)
    words = (
        f"from {low} to {high} calls {_change(at[low], at[high])}, from there to {far} calls"
        f" {_change(at[high], at[far])}"
    )
    if jump > _SIGMAS * noise and inside > _STEEPER * max(after, 0.0):
        return Boundary(kind=BoundaryKind.CLIFF, why=f"{words}: a jump, and level behind it")
    return Boundary(kind=BoundaryKind.KNEE, why=f"{words}: it gets worse call by call")


def _unknown(why: str) -> Boundary:
    return Boundary(kind=BoundaryKind.UNKNOWN, why=why)


def _at(steps: Sequence[StepResult], load: int, number: int) -> list[ObjectiveShare]:
    return [step.shares[number] for step in fit_steps(steps) if step.load == load]


def _jump(low: Sequence[ObjectiveShare], high: Sequence[ObjectiveShare]) -> tuple[float, float]:
    """Return how far the margin falls, and the standard deviation of that."""
    means = [float(np.mean([share.margin for share in side])) for side in (low, high)]
    variances = [sum(share.sd**2 for share in side) / len(side) ** 2 for side in (low, high)]
    return means[0] - means[1], math.sqrt(sum(variances))


def _steepness(
    left: Sequence[ObjectiveShare], right: Sequence[ObjectiveShare], low: int, high: int
) -> float:
    return (_level(right) - _level(left)) / math.log(high / low)


def _level(shares: Sequence[ObjectiveShare]) -> float:
    """Return how bad it is, on a scale on which differences can be compared."""
    values = [share.value_ms for share in shares if share.value_ms is not None]
    if len(values) == len(shares) and min(values) > 0:
        return float(np.mean(np.log(values)))
    return -float(np.mean([share.margin for share in shares]))


def _change(left: Sequence[ObjectiveShare], right: Sequence[ObjectiveShare]) -> str:
    values = [
        [share.value_ms for share in side if share.value_ms is not None] for side in (left, right)
    ]
    if all(values):
        before, after = (float(np.mean(side)) for side in values)
        return f"{left[0].subject.split(' at most')[0]} goes from {before:.0f} to {after:.0f} ms"
    missed = [float(np.mean([share.share for share in side])) for side in (left, right)]
    return f"the share that misses it goes from {missed[0]:.1%} to {missed[1]:.1%}"
