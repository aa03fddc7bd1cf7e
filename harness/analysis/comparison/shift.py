"""Where a difference lies: the shift function, decile by decile (Doksum 1974).

Deciles are Harrell and Davis's (1982), weighted means of all ordered values, which vary less in the
middle of a distribution than single ranks do. Intervals are two-sided at 95 %: between runs
where both sides have several, otherwise of sessions within the two runs, which is then said.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from harness.analysis.comparison.effect import paired, unpaired
from harness.analysis.comparison.resampling import percentile_draws
from harness.analysis.intervals import CONFIDENCE
from harness.analysis.quantiles import Sample

DECILES = tuple(tenths / 10 for tenths in range(1, 10))
_TAIL = (1 - CONFIDENCE) / 2

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shift:
    """One decile on both sides.

    Attributes:
        p: Which, 0.1 to 0.9.
        baseline_ms: Of the baseline; `None` where it lies among right-censored turns.
        change_ms: How much higher the candidate's is.
        low_ms: Lower end of the interval of the change; `None` where it cannot be known.
        high_ms: Upper end.
    """

    p: float
    baseline_ms: float | None
    change_ms: float | None
    low_ms: float | None = None
    high_ms: float | None = None


def shifts(
    candidate: Sequence[Sample],
    baseline: Sequence[Sample],
    *,
    in_pairs: bool,
    drawn: Floats | None = None,
) -> tuple[Shift, ...]:
    """Return the shift function.

    Args:
        candidate: A sample a run.
        baseline: The same for the baseline.
        in_pairs: Runs of the same number belong together.
        drawn: Of a single run a side, how much higher the candidate's deciles are for sessions
            drawn again, shape (draws, deciles); made anew where not given.
    """
    if any(not len(sample.values_ms) for sample in (*candidate, *baseline)):
        return ()
    mine, theirs = (np.array([_deciles(s) for s in side]) for side in (candidate, baseline))
    if min(len(mine), len(theirs)) > 1:
        return tuple(
            _between_runs(p, mine[:, i], theirs[:, i], in_pairs=in_pairs)
            for i, p in enumerate(DECILES)
        )
    if len(mine) == len(theirs) == 1:
        if drawn is None:
            mine_drawn, theirs_drawn = (
                percentile_draws(side[0], DECILES, number)
                for number, side in enumerate((candidate, baseline), start=1)
            )
            drawn = mine_drawn - theirs_drawn
        return tuple(
            _within_runs(p, mine[0, i], theirs[0, i], drawn[:, i]) for i, p in enumerate(DECILES)
        )
    return tuple(
        _bare(p, float(mine[:, i].mean()), float(theirs[:, i].mean()))
        for i, p in enumerate(DECILES)
    )


def harrell_davis(ordered: Floats, p: float) -> float:
    """Return Harrell and Davis's estimate of the p-quantile.

    Args:
        ordered: Shape (n,), ascending, n at least 1; may end in `inf`.
        p: Between 0 and 1, exclusive.
    """
    weights = _weights(len(ordered), p)
    # What weighs nothing may be infinite.
    kept = weights > 1e-12
    return float(np.dot(weights[kept], ordered[kept]))


@cache
def _weights(n: int, p: float) -> Floats:
    from scipy.special import betainc

    edges = betainc((n + 1) * p, (n + 1) * (1 - p), np.arange(n + 1) / n)
    return np.asarray(np.diff(edges), dtype=np.float64)


def _deciles(sample: Sample) -> list[float]:
    ordered = np.sort(sample.values_ms)
    return [harrell_davis(ordered, p) for p in DECILES]


def _between_runs(p: float, mine: Floats, theirs: Floats, *, in_pairs: bool) -> Shift:
    bare = _bare(p, float(mine.mean()), float(theirs.mean()))
    if bare.change_ms is None:
        return bare
    found = paired(list(mine), list(theirs)) if in_pairs else unpaired(list(mine), list(theirs))
    bounds = found.bounds(1 - _TAIL)
    assert bounds is not None
    return Shift(p, bare.baseline_ms, bare.change_ms, *bounds)


def _within_runs(p: float, mine: float, theirs: float, drawn: Floats) -> Shift:
    bare = _bare(p, mine, theirs)
    if bare.change_ms is None or not np.isfinite(drawn).all():
        return bare
    low, high = np.quantile(drawn, [_TAIL, 1 - _TAIL])
    return Shift(p, bare.baseline_ms, bare.change_ms, float(low), float(high))


def _bare(p: float, mine: float, theirs: float) -> Shift:
    if math.isinf(mine) or math.isinf(theirs):
        return Shift(p, None if math.isinf(theirs) else theirs, None)
    return Shift(p, theirs, mine - theirs)
