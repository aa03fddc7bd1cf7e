"""What measured steps say of scaling: Little's law, and the Universal Scalability Law.

Little (1961): the mean number of calls is arrivals times mean length; where it is not, something
was not counted. Gunther's law (1993) has throughput X(N) = g N / (1 + a (N - 1) + b N (N - 1)): `a`
is waiting for each other, `b` keeping in step. Its peak lies at sqrt((1 - a) / b). It is of
throughput, not of latency, and tells nothing where every step scales as well as the first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.bootstrap import SEED

Floats = NDArray[np.float64]

FEWEST_LOADS = 6
LITTLE_LIMIT = 0.03
"""A difference of more than this share is not chance but something that was not counted."""
_RESAMPLES = 200
_FEWEST_CALLS = 20
_FEWEST_LENGTHS = 2.0
# Stands for a peak that a selection of residuals does not have.
_NO_PEAK = 1e9
_DECADE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LittlesLaw:
    """Calls held against arrivals times length.

    Attributes:
        held: Calls that were held on average; `None` where the calls are too few to tell.
        expected: Arrivals times mean length; `None` like `held`.
        why: Why they are not known, else empty.
    """

    held: float | None = None
    expected: float | None = None
    why: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether they agree as far as they must; `None` where they are not known."""
        if self.held is None or self.expected is None:
            return None
        return abs(self.held - self.expected) <= LITTLE_LIMIT * self.held


def littles_law(opened_s: Floats, closed_s: Floats) -> LittlesLaw:
    """Hold the calls of a run against their arrivals, over the middle of its time.

    Args:
        opened_s: Shape (n,): when each call began.
        closed_s: Shape (n,): when each ended.
    """
    if len(opened_s) < _FEWEST_CALLS:
        return LittlesLaw(why=f"needs {_FEWEST_CALLS} calls, has {len(opened_s)}")
    first, last = (float(q) for q in np.quantile(opened_s, [0.1, 0.9]))
    length_s = float((closed_s - opened_s).mean())
    if last - first < _FEWEST_LENGTHS * length_s:
        return LittlesLaw(
            why=f"its calls began within {last - first:.0f} s, of {length_s:.0f} s each; needs"
            f" {_FEWEST_LENGTHS:g} times that"
        )
    inside = np.minimum(closed_s, last) - np.maximum(opened_s, first)
    held = float(np.maximum(inside, 0).sum()) / (last - first)
    begun = (opened_s >= first) & (opened_s < last)
    mean_s = float((closed_s - opened_s)[begun].mean())
    return LittlesLaw(held=held, expected=float(begun.sum()) / (last - first) * mean_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalabilityFit:
    """The fitted law, or why there is none.

    Attributes:
        per_call: Throughput of a call alone, `g`.
        contention: `a`; `None` where the law was refused.
        coherency: `b`.
        peak: Load of the highest throughput.
        low: Lower end of the peak's 95 % interval.
        high: Upper end.
        why: Why the law was refused, else empty.
    """

    per_call: float | None = None
    contention: float | None = None
    coherency: float | None = None
    peak: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""

    def throughput(self, load: float) -> float:
        """Return what the law says of a load.

        Raises:
            ValueError: The law was refused.
        """
        if self.per_call is None or self.contention is None or self.coherency is None:
            raise ValueError(self.why)
        return float(_law(np.array([load]), self.per_call, self.contention, self.coherency)[0])


def fit_scalability(loads: Sequence[float], throughputs: Sequence[float]) -> ScalabilityFit:
    """Fit the law to measured throughput.

    Args:
        loads: Calls held in each step.
        throughputs: Turns a second in each.
    """
    x, y = np.asarray(loads, dtype=np.float64), np.asarray(throughputs, dtype=np.float64)
    distinct = len(np.unique(x))
    if distinct < FEWEST_LOADS:
        return ScalabilityFit(why=f"needs {FEWEST_LOADS} loads, has {distinct}")
    if (y <= 0).any():
        return ScalabilityFit(why="a load had no throughput at all")
    found = _fit(x, y)
    if found is None:
        return ScalabilityFit(why="the curve does not fit")
    per_call, contention, coherency = found
    peak = math.sqrt((1 - contention) / coherency) if coherency > 0 else math.inf
    if peak > _DECADE * float(x.max()):
        return ScalabilityFit(why="throughput has no peak in what was measured")
    peaks = _peaks(x, y, found)
    low, high = (float(q) for q in np.quantile(peaks, [0.025, 0.975]))
    if high > _DECADE * low:
        ends = f"beyond {low:.0f}" if high >= _NO_PEAK else f"from {low:.0f} to {high:.0f}"
        return ScalabilityFit(why=f"the peak may lie anywhere {ends} calls: measure more loads")
    return ScalabilityFit(
        per_call=per_call,
        contention=contention,
        coherency=coherency,
        peak=peak,
        low=low,
        high=high,
    )


def _law(load: Floats, per_call: float, contention: float, coherency: float) -> Floats:
    return per_call * load / (1 + contention * (load - 1) + coherency * load * (load - 1))


def _fit(x: Floats, y: Floats) -> tuple[float, float, float] | None:
    from scipy.optimize import curve_fit

    start = (float(np.max(y / x)), 0.01, 1e-4)
    try:
        found, _ = curve_fit(
            _law, x, y, p0=start, sigma=y, bounds=([0, 0, 0], [np.inf, 1, np.inf]), max_nfev=5_000
        )
    except RuntimeError:
        return None
    return float(found[0]), float(found[1]), float(found[2])


def _peaks(x: Floats, y: Floats, found: tuple[float, float, float]) -> Floats:
    """Return the peak for residuals drawn again; infinite ones as a load beyond all reason."""
    rng = np.random.default_rng([SEED, 7])
    fitted = _law(x, *found)
    residuals = y / fitted
    # Three parameters were fitted, so what is left is too small by so much.
    spread = math.sqrt(len(x) / max(1, len(x) - 3))
    peaks = []
    for _ in range(_RESAMPLES):
        drawn = 1 + spread * (rng.choice(residuals, len(x)) - 1)
        again = _fit(x, np.maximum(fitted * drawn, 1e-9))
        if again is None or again[2] <= 1e-12:
            peaks.append(_NO_PEAK)
        else:
            peaks.append(math.sqrt(max(0.0, 1 - again[1]) / again[2]))
    return np.array(peaks)
