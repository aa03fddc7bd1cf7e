"""From steps to the largest number of held calls that meets every objective, with its interval.

For each objective the margins of the steps are fitted by a curve that never rises with the load
(isotonic regression, weighted by turns), and the load at which it passes 0 is read off between the
two loads beside it, in the logarithm of the load. The limit is the smallest of the objectives'.

The interval is that of sessions drawn again within every step, 95 % of what then comes out. To
this comes what runs at the same load differ by beyond chance within them, which only steps that
were repeated can tell.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.bootstrap import SEED
from harness.analysis.capacity.step import RESAMPLES, StepResult, share_at
from harness.analysis.intervals import CONFIDENCE, normal_quantile, t_quantile

Floats = NDArray[np.float64]
_TAIL = (1 - CONFIDENCE) / 2
# Loads within this factor of the limit tell how runs beside it differ.
_NEAR = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The largest number of held calls that meets every objective.

    Attributes:
        calls: The estimate; 0 where the smallest load measured misses one already. `None` where
            no load measured misses any.
        low: Lower end of the 95 % interval.
        high: Upper end; `None` where no load measured is shown to be beyond the limit.
        binding: The objective that is missed first; empty where none is.
        most: The largest load that was measured and met all of them.
    """

    calls: int | None
    low: int
    high: int | None
    binding: str = ""
    most: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedMargin:
    """The margin of one objective over the load.

    Attributes:
        subject: The objective.
        loads: Loads measured, ascending.
        margins: Mean margin at each.
        fitted: The same, never rising.
        missed: Share of turns that miss the objective, by the fitted margin.
        root: Load at which it passes 0; infinite where it does not, 0 where it is below from the
            first on.
    """

    subject: str
    loads: tuple[int, ...]
    margins: tuple[float, ...]
    fitted: tuple[float, ...]
    missed: tuple[float, ...]
    root: float


def fit_steps(steps: Sequence[StepResult]) -> list[StepResult]:
    """Return the steps that say something of the target."""
    return [step for step in steps if not step.unfit]


def fitted_margins(steps: Sequence[StepResult]) -> tuple[FittedMargin, ...]:
    """Fit the margin of every objective.

    Args:
        steps: At least one of them fit; all with the same objectives.
    """
    kept = fit_steps(steps)
    loads, at = _loads(kept)
    found = []
    for number, share in enumerate(kept[0].shares):
        margins = np.array([[step.shares[number].margin for step in kept]])
        weights = _weights(kept, number)
        means, fitted = _isotonic(margins, weights, at, len(loads))
        found.append(
            FittedMargin(
                subject=share.subject,
                loads=tuple(int(load) for load in loads),
                margins=tuple(map(float, means[0])),
                fitted=tuple(map(float, fitted[0])),
                missed=tuple(map(float, share_at(fitted[0], share.allowed))),
                root=float(_roots(fitted, loads)[0]),
            )
        )
    return tuple(found)


def find_limit(steps: Sequence[StepResult], resamples: int = RESAMPLES) -> Limit:
    """Find the limit and its interval.

    Args:
        steps: At least one of them fit.
        resamples: How often sessions are drawn again.
    """
    kept = fit_steps(steps)
    fitted = fitted_margins(kept)
    loads, at = _loads(kept)
    rng = np.random.default_rng([SEED, 5])
    roots = np.full(resamples, np.inf)
    for number in range(len(fitted)):
        drawn = np.column_stack([step.shares[number].draws(resamples) for step in kept])
        drawn = drawn + rng.normal(0, 1, drawn.shape) * between_runs_sd(
            kept, fitted[number], number
        )
        _, curves = _isotonic(drawn, _weights(kept, number), at, len(loads))
        roots = np.minimum(roots, _roots(curves, loads))
    first = min(fitted, key=lambda one: one.root)
    ordered = np.sort(np.append(roots, first.root))
    low = float(ordered[math.floor(_TAIL * (len(ordered) - 1))])
    high = float(ordered[math.ceil((1 - _TAIL) * (len(ordered) - 1))])
    most = int(loads[-1])
    return Limit(
        calls=None if math.isinf(first.root) else math.floor(first.root),
        low=most if math.isinf(low) else math.floor(low),
        high=None if math.isinf(high) else math.floor(high),
        binding="" if math.isinf(first.root) else first.subject,
        most=max((int(load) for load in loads if load <= first.root), default=0),
    )


def between_runs_sd(steps: Sequence[StepResult], fitted: FittedMargin, number: int) -> float:
    """Return by how much margins of runs at one load differ beyond chance within the runs.

    Runs are held against the fitted curve, so that also loads that were run once tell something.

    Args:
        steps: Fit ones.
        fitted: The curve of the objective.
        number: Which objective.

    Returns:
        A standard deviation, widened since it comes from few runs; 0 where none is seen.
    """
    curve = dict(zip(fitted.loads, fitted.fitted, strict=True))
    near = [s for s in steps if fitted.root / _NEAR <= s.load <= fitted.root * _NEAR]
    levels = len({curve[step.load] for step in near})
    degrees = len(near) - levels
    if degrees < 1:
        return 0.0
    squares = sum((step.shares[number].margin - curve[step.load]) ** 2 for step in near)
    within = float(np.mean([step.shares[number].sd ** 2 for step in near]))
    tail = (1 + CONFIDENCE) / 2
    student = t_quantile(tail, degrees) / normal_quantile(tail)
    return math.sqrt(max(0.0, squares / degrees - within)) * student


def _loads(steps: Sequence[StepResult]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the loads, ascending, and the number of each step's among them."""
    loads, at = np.unique([step.load for step in steps], return_inverse=True)
    return loads, at


def _weights(steps: Sequence[StepResult], number: int) -> Floats:
    return np.array([len(step.shares[number].missed) for step in steps], dtype=np.float64)


def _isotonic(
    margins: Floats, weights: Floats, at: NDArray[np.int64], count: int
) -> tuple[Floats, Floats]:
    """Return the mean margin at each load, and the curve that never rises; shape (r, loads)."""
    from scipy.optimize import isotonic_regression

    by_load = np.zeros((len(weights), count))
    by_load[np.arange(len(weights)), at] = weights
    total = by_load.sum(axis=0)
    means = margins @ by_load / total
    curves = [isotonic_regression(row, weights=total, increasing=False).x for row in means]
    return means, np.asarray(curves)


def _roots(curves: Floats, loads: NDArray[np.int64]) -> Floats:
    """Return where each curve passes 0: infinite where it does not, 0 where it began below."""
    met = (curves >= -1e-12).sum(axis=1)
    roots = np.where(met == 0, 0.0, np.inf)
    inside = (met > 0) & (met < len(loads))
    last = met[inside] - 1
    rows = np.flatnonzero(inside)
    high, low = np.maximum(curves[rows, last], 0.0), curves[rows, last + 1]
    part = high / (high - low)
    left, right = np.log(loads[last]), np.log(loads[last + 1])
    roots[inside] = np.exp(left + part * (right - left)) * (1 + 1e-12)
    return np.asarray(roots)
