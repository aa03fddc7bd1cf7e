"""From steps to the largest number of held calls that meets every objective, with its interval.

For each objective the shares of turns that missed it are fitted by a curve that never falls with
the load (isotonic regression, weighted by turns), and the load at which it passes what is allowed
is read off between the two loads beside it, in the logarithm of the load. The limit is the smallest
of the objectives'. Shares are fitted as they are: on a curved scale the mean of runs in which a
queue built up, or not, would be too good.

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
from harness.analysis.capacity.step import RESAMPLES, StepResult
from harness.analysis.intervals import CONFIDENCE, student_widening

Floats = NDArray[np.float64]
_TAIL = (1 - CONFIDENCE) / 2
# Between 0.05 and 1 - 0.95 there is no difference but that of binary fractions.
_ROUNDING = 1e-12
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
class FittedCurve:
    """The share of turns that miss one objective, over the load.

    Attributes:
        subject: The objective.
        allowed: Share of turns that may miss it.
        loads: Loads measured, ascending.
        missed: Share that missed it at each, all runs together.
        fitted: The same, never falling.
        root: Load at which the fit passes what is allowed; infinite where it does not, 0 where it
            is beyond from the first load on.
    """

    subject: str
    allowed: float
    loads: tuple[int, ...]
    missed: tuple[float, ...]
    fitted: tuple[float, ...]
    root: float


def fit_steps(steps: Sequence[StepResult]) -> list[StepResult]:
    """Return the steps that say something of the target."""
    return [step for step in steps if not step.unfit]


def fitted_curves(steps: Sequence[StepResult]) -> tuple[FittedCurve, ...]:
    """Fit the share missed of every objective.

    Args:
        steps: At least one of them fit; all with the same objectives.
    """
    kept = fit_steps(steps)
    loads, at = _loads(kept)
    found = []
    for number, share in enumerate(kept[0].shares):
        shares = np.array([[step.shares[number].share for step in kept]])
        means, fitted = _isotonic(shares, _weights(kept, number), at, len(loads))
        found.append(
            FittedCurve(
                subject=share.subject,
                allowed=share.allowed,
                loads=tuple(int(load) for load in loads),
                missed=tuple(map(float, means[0])),
                fitted=tuple(map(float, fitted[0])),
                root=float(_roots(fitted, share.allowed, loads)[0]),
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
    fitted = fitted_curves(kept)
    loads, at = _loads(kept)
    rng = np.random.default_rng([SEED, 5])
    roots = np.full(resamples, np.inf)
    for number, curve in enumerate(fitted):
        drawn = np.column_stack([step.shares[number].draws(resamples) for step in kept])
        drawn = drawn + rng.normal(0, 1, drawn.shape) * _between_runs(kept, curve, number)
        _, curves = _isotonic(drawn, _weights(kept, number), at, len(loads))
        roots = np.minimum(roots, _roots(curves, curve.allowed, loads))
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


def between_runs_sd(steps: Sequence[StepResult], fitted: FittedCurve, number: int) -> float:
    """Return by how much runs at one load differ beyond chance within the runs, in margins.

    Runs are held against the fitted curve, so that also loads that were run once tell something.

    Args:
        steps: Fit ones.
        fitted: The curve of the objective.
        number: Which objective.

    Returns:
        A standard deviation on the scale of margins, widened since it comes from few runs; 0 where
        none is seen.
    """
    curve = dict(zip(fitted.loads, fitted.fitted, strict=True))
    near = [s for s in steps if fitted.root / _NEAR <= s.load <= fitted.root * _NEAR]
    levels = len({curve[step.load] for step in near})
    degrees = len(near) - levels
    if degrees < 1:
        return 0.0
    squares = sum(
        (_scaled(step.shares[number].share) - _scaled(curve[step.load])) ** 2 for step in near
    )
    within = float(np.mean([step.shares[number].sd ** 2 for step in near]))
    return math.sqrt(max(0.0, squares / degrees - within)) * student_widening(degrees)


def _between_runs(steps: Sequence[StepResult], fitted: FittedCurve, number: int) -> Floats:
    """Return what runs differ by beyond chance, as a share of turns, at the load of each step."""
    curve = dict(zip(fitted.loads, fitted.fitted, strict=True))
    shares = np.array([curve[step.load] for step in steps])
    half = 0.5 / _weights(steps, number)
    shares = np.clip(shares, half, 1 - half)
    slope = 2 * np.sqrt(shares * (1 - shares))
    return np.asarray(slope * between_runs_sd(steps, fitted, number))


def _scaled(share: float) -> float:
    return math.asin(math.sqrt(min(max(share, 0.0), 1.0)))


def _loads(steps: Sequence[StepResult]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the loads, ascending, and the number of each step's among them."""
    loads, at = np.unique([step.load for step in steps], return_inverse=True)
    return loads, at


def _weights(steps: Sequence[StepResult], number: int) -> Floats:
    return np.array([len(step.shares[number].missed) for step in steps], dtype=np.float64)


def _isotonic(
    shares: Floats, weights: Floats, at: NDArray[np.int64], count: int
) -> tuple[Floats, Floats]:
    """Return the mean share at each load, and the curve that never falls; shape (r, loads)."""
    from scipy.optimize import isotonic_regression

    by_load = np.zeros((len(weights), count))
    by_load[np.arange(len(weights)), at] = weights
    total = by_load.sum(axis=0)
    means = shares @ by_load / total
    curves = [isotonic_regression(row, weights=total, increasing=True).x for row in means]
    return means, np.asarray(curves)


def _roots(curves: Floats, allowed: float, loads: NDArray[np.int64]) -> Floats:
    """Return where each curve passes what is allowed: infinite where it does not, 0 from the first.

    Between two loads the share is taken to change evenly with the logarithm of the load.
    """
    met = (curves <= allowed + _ROUNDING).sum(axis=1)
    roots = np.where(met == 0, 0.0, np.inf)
    inside = (met > 0) & (met < len(loads))
    last = met[inside] - 1
    rows = np.flatnonzero(inside)
    low, high = np.minimum(curves[rows, last], allowed), curves[rows, last + 1]
    part = (allowed - low) / (high - low)
    left, right = np.log(loads[last]), np.log(loads[last + 1])
    # A root at a load is that load, whatever the logarithm makes of it.
    roots[inside] = np.exp(left + part * (right - left)) * (1 + _ROUNDING)
    return np.asarray(roots)
