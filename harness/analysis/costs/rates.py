"""Averages over calls with the interval that drawing whole calls again gives.

Calls, not turns, are drawn (the bootstrap, Efron 1979), since turns of one call read the same
conversation again and are alike. Few calls widen the interval by Student's t, as elsewhere here.
An interval holds within this run: it knows nothing of other callers or other days.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.analysis.bootstrap import SEED
from harness.analysis.intervals import CONFIDENCE, resampling_widening

_RESAMPLES = 1_000
_TAIL = (1 - CONFIDENCE) / 2
FEWEST = 2
"""Calls without which there is no interval."""

Floats = NDArray[np.float64]


class CallTable:
    """Numbers of each call, whose sums can be drawn again.

    Args:
        columns: Name to one number a call, n of them each.
    """

    def __init__(self, columns: Mapping[str, Sequence[float]]) -> None:
        self._names = {name: index for index, name in enumerate(columns)}
        self._values = np.array(list(columns.values()), dtype=np.float64).T
        self._drawn: Floats | None = None

    def __len__(self) -> int:
        return len(self._values)

    def sum(self, name: str) -> float:
        """Return the sum of a column."""
        return float(self._values[:, self._names[name]].sum())

    def value(self, above: str, below: str) -> float | None:
        """Return the ratio of the sums of two columns; `None` where there is nothing below it."""
        if len(self) == 0 or self.sum(below) <= 0:
            return None
        return self.sum(above) / self.sum(below)

    def ratio(self, above: str, below: str) -> tuple[float | None, float | None, float | None]:
        """Return the ratio of two sums and the ends of its interval; `None` for what is not known.

        Args:
            above: Name of the column above the line.
            below: Name of the one below it.
        """
        value = self.value(above, below)
        if value is None:
            return None, None, None
        drawn = self._sums()
        top, bottom = drawn[:, self._names[above]], drawn[:, self._names[below]]
        found = top[bottom > 0] / bottom[bottom > 0]
        # Draws without any of what is below the line mean that there is too little of it.
        rarely = len(found) < len(drawn) * CONFIDENCE
        low, high = (None, None) if rarely else self._ends(value, found)
        # Nothing here is ever below 0, which the widening for few calls does not know.
        return value, None if low is None else max(0.0, low), high

    def slope(
        self, names: tuple[str, str, str, str, str]
    ) -> tuple[float | None, float | None, float | None]:
        """Return the slope of a straight line through points of calls, and its interval.

        Args:
            names: Columns of n, and of the sums of x, y, x squared and x times y.
        """
        if len(self) == 0:
            return None, None, None
        columns = [self._names[name] for name in names]
        value = float(_slopes(self._values.sum(axis=0, keepdims=True)[:, columns])[0])
        if not math.isfinite(value):
            return None, None, None
        found = _slopes(self._sums()[:, columns])
        kept = found[np.isfinite(found)]
        if len(kept) < len(found) * CONFIDENCE:
            return value, None, None
        return value, *self._ends(value, kept)

    def _sums(self) -> Floats:
        """Return the sums of all columns over calls drawn again, shape (resamples, columns)."""
        if self._drawn is None:
            rng, n = np.random.default_rng([SEED, 9]), len(self)
            times = (np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(_RESAMPLES))
            self._drawn = np.array([count @ self._values for count in times])
        return self._drawn

    def _ends(self, value: float, drawn: Floats) -> tuple[float | None, float | None]:
        n = len(self)
        if n < FEWEST:
            return None, None
        low, high = np.quantile(drawn, (_TAIL, 1 - _TAIL))
        wider = resampling_widening(n)
        return (
            value - max(0.0, value - float(low)) * wider,
            value + max(0.0, float(high) - value) * wider,
        )


def _slopes(sums: Floats) -> Floats:
    n, x, y, xx, xy = sums.T
    # One point, or all at one place: no line goes through them.
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((n * xy - x * y) / (n * xx - x * x))
