"""Where the warm-up of a step ends, and whether what follows it is steady.

Both look at the medians of spans of 5 s. The cut is MSER's (White 1997): of all beginnings up to
half of the step, leave out the one after which the standard error of the mean is smallest. Steady
means that the medians do not rise or fall with time beyond chance (Mann and Kendall, at 1 %).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SPAN_S = 5.0
_FEWEST_SPANS = 10
_ALPHA = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Steadiness:
    """Whether turns are steady.

    Attributes:
        steady: Whether nothing speaks against it; `None` where there are too few to tell.
        why: What speaks against it, or why it is not known, in words; else empty.
    """

    steady: bool | None
    why: str = ""


NOT_LOOKED_AT = Steadiness(steady=None, why="no turn was looked at")


def warm_up_end(at_s: Floats, latency_ms: Floats, begin_s: float = 0.0) -> float:
    """Return when the warm-up ends, in seconds, not before `begin_s`.

    Args:
        at_s: Shape (n,): when each turn was spoken.
        latency_ms: Shape (n,): how long it took; infinite where nothing was heard.
        begin_s: From when on all callers were calling.
    """
    starts, medians = _medians(at_s, latency_ms, begin_s)
    if len(medians) < _FEWEST_SPANS:
        return begin_s
    errors = [
        float(np.var(medians[cut:])) / (len(medians) - cut) for cut in range(len(medians) // 2 + 1)
    ]
    return float(starts[int(np.argmin(errors))])


def steadiness(at_s: Floats, latency_ms: Floats, begin_s: float) -> Steadiness:
    """Say whether what follows the warm-up is steady.

    Args:
        at_s: Shape (n,): when each turn was spoken.
        latency_ms: Shape (n,): how long it took; infinite where nothing was heard.
        begin_s: When the warm-up ends.
    """
    from scipy.stats import kendalltau

    starts, medians = _medians(at_s, latency_ms, begin_s)
    if len(medians) < _FEWEST_SPANS:
        why = f"{len(medians)} spans of {_SPAN_S:g} s have turns, {_FEWEST_SPANS} are needed"
        return Steadiness(steady=None, why=why)
    found = kendalltau(starts, medians)
    if math.isnan(found.pvalue) or found.pvalue >= _ALPHA:
        return Steadiness(steady=True)
    change = "rises" if found.statistic > 0 else "falls"
    why = (
        f"latency {change} from {medians[0]:.0f} to {medians[-1]:.0f} ms (medians of {_SPAN_S:g} s)"
    )
    return Steadiness(steady=False, why=why)


def _medians(at_s: Floats, latency_ms: Floats, begin_s: float) -> tuple[Floats, Floats]:
    """Return when each span with turns begins, and their median; infinite ones count as largest."""
    kept = at_s >= begin_s
    if not kept.any():
        return np.empty(0), np.empty(0)
    finite = latency_ms[np.isfinite(latency_ms)]
    most = float(finite.max()) if len(finite) else 0.0
    spans = ((at_s[kept] - begin_s) // _SPAN_S).astype(np.int64)
    values = np.minimum(latency_ms[kept], most)
    numbers = np.unique(spans)
    medians = np.array([float(np.median(values[spans == number])) for number in numbers])
    return np.asarray(begin_s + numbers * _SPAN_S, dtype=np.float64), medians
