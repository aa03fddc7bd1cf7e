"""Does a long run get worse with time? Slopes of latency, failures and cost, with intervals.

A slope is that of least squares over all turns (or sessions). Its interval is that of sessions
drawn again: turns of one session are alike, and a session is short against the run.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.bootstrap import SEED
from harness.analysis.intervals import CONFIDENCE, resampling_widening

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RESAMPLES = 1_000
_TAIL = (1 - CONFIDENCE) / 2
FEWEST_SESSIONS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How one quantity changes in an hour.

    Attributes:
        what: The quantity, in words.
        unit: Its unit; the slope is in it per hour.
        start: Where the fitted line begins; `None` where it is not known.
        per_hour: The slope.
        low: Lower end of its 95 % interval.
        high: Upper end.
        n: Observations it comes from.
        sessions: Sessions they come from.
        hours: How long was looked at.
        why: Why it is not known, else empty.
    """

    what: str
    unit: str
    start: float | None = None
    per_hour: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    sessions: int = 0
    hours: float = 0.0
    why: str = ""

    @property
    def is_shown(self) -> bool:
        """Whether the quantity changes beyond chance."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def drift(what: str, unit: str, at_s: Floats, values: Floats, sessions: Ints) -> Drift:
    """Return how a quantity changes with time.

    Args:
        what: The quantity, in words.
        unit: Its unit.
        at_s: Shape (n,): when each value was measured.
        values: Shape (n,): the values, all finite.
        sessions: Shape (n,): a number for the session of each.
    """
    _, members = np.unique(sessions, return_inverse=True)
    count = int(members.max()) + 1 if len(members) else 0
    if count < FEWEST_SESSIONS:
        why = f"needs {FEWEST_SESSIONS} sessions, has {count}"
        return Drift(what=what, unit=unit, n=len(values), sessions=count, why=why)
    hours = at_s / 3600
    length = float(np.ptp(hours))
    if length <= 0:
        return Drift(what=what, unit=unit, n=len(values), sessions=count, why="no time passed")
    # Sums of each session, from which the line of any selection of sessions follows.
    origin = float(hours.mean())
    x = hours - origin
    parts = np.stack(
        [
            np.bincount(members, weights=weights, minlength=count)
            for weights in (np.ones_like(x), x, values, x * x, x * values)
        ],
        axis=1,
    )
    level, slope = _line(parts.sum(axis=0)[None])
    rng = np.random.default_rng([SEED, 6])
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=_RESAMPLES)
    _, slopes = _line(np.asarray(drawn @ parts, dtype=np.float64))
    ordered = np.sort(slopes)
    wider = resampling_widening(count)
    low = float(ordered[int(_TAIL * (_RESAMPLES - 1))])
    high = float(ordered[int(np.ceil((1 - _TAIL) * (_RESAMPLES - 1)))])
    found = float(slope[0])
    return Drift(
        what=what,
        unit=unit,
        start=float(level[0]) + found * (float(hours.min()) - origin),
        per_hour=found,
        low=found - wider * (found - low),
        high=found + wider * (high - found),
        n=len(values),
        sessions=count,
        hours=length,
    )


def _line(sums: Floats) -> tuple[Floats, Floats]:
    """Return level at 0 and slope of least squares, from sums of shape (r, 5)."""
    n, x, y, xx, xy = sums.T
    spread = xx - x * x / n
    slope = np.divide(xy - x * y / n, spread, out=np.zeros_like(spread), where=spread > 0)
    return np.asarray((y - slope * x) / n), np.asarray(slope)
