"""Where the level of a series changed: PELT (Killick, Fearnhead and Eckley 2012), by ruptures.

Levels are of logarithms, so that a change is a ratio. The penalty is that of the Bayesian criterion
with the noise estimated from differences of neighbours, which a step does not inflate; then a
change must be large enough to matter and clear of the noise by Welch's test.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.comparison.effect import unpaired

SMALLEST = 0.03
"""The smallest change of level that is reported, as a share."""

SHORTEST = 3
"""Runs that a level must last."""

_P_VALUE = 0.01
# A normal variable's median distance from another is this many standard deviations.
_MEDIAN_DISTANCE = 0.6744897501960817 * math.sqrt(2)
# Costs of the Bayesian criterion for one more level: its position and its mean.
_COSTS = 3.0
# Rounding of recorded values; without any noise every difference would be a change.
_LEAST_NOISE = 1e-3


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A change of level.

    Attributes:
        index: The first run of the new level.
        before: Level before it, the geometric mean.
        after: Level from it on.
    """

    index: int
    before: float
    after: float

    @property
    def ratio(self) -> float:
        """How much higher the new level is, as a share; negative when lower."""
        return self.after / self.before - 1


def change_points(values: Sequence[float]) -> tuple[ChangePoint, ...]:
    """Return the changes of level of a series, in order.

    Args:
        values: One a run, above 0.
    """
    if len(values) < 2 * SHORTEST:
        return ()
    import ruptures

    logs = np.log(np.asarray(values, dtype=np.float64))
    noise = max(float(np.median(np.abs(np.diff(logs)))) / _MEDIAN_DISTANCE, _LEAST_NOISE)
    search = ruptures.Pelt(model="l2", min_size=SHORTEST, jump=1).fit(logs.reshape(-1, 1))
    ends = search.predict(pen=_COSTS * noise**2 * math.log(len(logs)))
    # Taking out one change joins its levels, so the others are looked at anew.
    edges = [0, *ends]
    while (weakest := _weakest(logs, edges)) is not None:
        edges.remove(weakest)
    return tuple(
        ChangePoint(
            edges[i],
            float(np.exp(logs[edges[i - 1] : edges[i]].mean())),
            float(np.exp(logs[edges[i] : edges[i + 1]].mean())),
        )
        for i in range(1, len(edges) - 1)
    )


def _weakest(logs: NDArray[np.float64], edges: Sequence[int]) -> int | None:
    """Return the change that is smallest of those that are too small or not clear."""
    weak = []
    for i in range(1, len(edges) - 1):
        before, after = logs[edges[i - 1] : edges[i]], logs[edges[i] : edges[i + 1]]
        size = abs(float(after.mean() - before.mean()))
        higher, lower = (after, before) if after.mean() > before.mean() else (before, after)
        p = unpaired(list(higher), list(lower)).chance_below(0.0)
        if size < math.log1p(SMALLEST) or p is None or p > _P_VALUE / 2:
            weak.append((size, edges[i]))
    return min(weak)[1] if weak else None
