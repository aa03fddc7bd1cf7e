"""How far a number from n turns in G sessions can be trusted.

Turns of one session share a connection, a worker and a growing context, so they are not n
independent observations. The design effect of the session clusters turns them into fewer
effective ones, and a Student correction pays for having estimated it from few sessions (Kish 1965;
Korn and Graubard 1998). Every interval is two-sided at 95 % and holds within one run: it
cannot see how runs differ from each other.

Quantiles and distribution functions are SciPy's, from `scipy.special`: `scipy.stats` takes twenty
times as long to import. It is imported where it is first needed, since every process of a load
test imports this package and only the report asks for an interval.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
_ALPHA = 1 - CONFIDENCE


def t_quantile(probability: float, degrees: float) -> float:
    """Return Student's t quantile.

    Args:
        probability: Between 0 and 1, exclusive.
        degrees: At least 1.
    """
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))


@cache
def normal_quantile(probability: float) -> float:
    """Return the quantile of the standard normal distribution."""
    from scipy.special import ndtri

    return float(ndtri(probability))


def student_widening(degrees: float) -> float:
    """Return how much wider than a normal interval one is whose spread was itself estimated.

    Args:
        degrees: Degrees of freedom of an unbiased estimate of the spread, at least 1.
    """
    tail = 1 - _ALPHA / 2
    return t_quantile(tail, degrees) / normal_quantile(tail)


def resampling_widening(clusters: int) -> float:
    """Return by how much to stretch the deviations of a bootstrap that draws whole clusters again.

    Student's t for an estimated spread, and the root of n/(n-1), by which drawing n clusters with
    replacement has too small a variance: 12 % at 5 clusters, 0.5 % at 100.

    Args:
        clusters: How many were drawn from, at least 2.
    """
    return student_widening(clusters - 1) * math.sqrt(clusters / (clusters - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering:
    """How alike the turns of a session are, and what they are worth because of it.

    Attributes:
        design_effect: By how much the variance is that of fewer independent turns; never below
            1, since with few sessions less is chance.
        icc: Intra-class correlation of the property that this comes from (Kish's design effect
            solved for it), never below 0; `None` where every session has one turn.
        n_eff: Independent turns that the turns are worth.
    """

    design_effect: float
    icc: float | None
    n_eff: float


def effective_n(indicator: NDArray[np.bool_], clusters: NDArray[np.int64]) -> float | None:
    """Return how many independent turns the share of `indicator` is worth.

    Args:
        indicator: Shape (n,), n at least 1: whether each turn has the property.
        clusters: Shape (n,): which session each turn belongs to.

    Returns:
        At most n; `None` with fewer than two sessions, where nothing can be known about how
        alike the turns of a session are.
    """
    found = clustering(indicator, clusters)
    return None if found is None else found.n_eff


def clustering(indicator: NDArray[np.bool_], clusters: NDArray[np.int64]) -> Clustering | None:
    """Return how alike the turns of a session are, in whether they have a property.

    Args:
        indicator: Shape (n,), n at least 1: whether each turn has the property.
        clusters: Shape (n,): which session each turn belongs to.

    Returns:
        `None` with fewer than two sessions.
    """
    n = len(indicator)
    _, members = np.unique(clusters, return_inverse=True)
    sizes = np.bincount(members)
    sessions = len(sizes)
    if sessions < 2:
        return None
    share = float(indicator.mean())
    sums = np.bincount(members, weights=indicator - share)
    between = sessions / (sessions - 1) * float(np.square(sums).sum()) / n**2
    independent = share * (1 - share) / (n - 1)
    design_effect = max(1.0, between / independent) if independent > 0 else 1.0
    tail = 1 - _ALPHA / 2
    student = (t_quantile(tail, n - 1) / t_quantile(tail, sessions - 1)) ** 2
    size = float(np.square(sizes).sum()) / n
    # Rounded, so that the order of the turns does not show in the last bits.
    return Clustering(
        design_effect=round(design_effect, 9),
        icc=round(min(1.0, (design_effect - 1) / (size - 1)), 9) if size > 1 else None,
        n_eff=round(n / design_effect * min(1.0, student), 9),
    )


def wilson(share: float, n: float) -> tuple[float, float]:
    """Return Wilson's interval for a proportion (Wilson 1927).

    `scipy.stats.binomtest` has it for whole counts only; effective observations are not whole.

    Args:
        share: The observed proportion.
        n: Observations it comes from, or effective ones; above 0.
    """
    z = normal_quantile(1 - _ALPHA / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


@cache
def turns_needed(p: float) -> int:
    """Return the fewest independent turns whose range covers the p-quantile with confidence 95 %.

    The smallest n with 1 - p^n - (1 - p)^n >= 0.95: 6 for the median, 59 for P95, 299 for P99.

    Args:
        p: Between 0 and 1, exclusive.
    """
    n = 2
    while 1 - p**n - (1 - p) ** n < CONFIDENCE:
        n += 1
    return n


def covering_ranks(n: int, p: float) -> tuple[int, int]:
    """Return ranks j and k for which x(j) to x(k) covers the p-quantile with confidence 95 %.

    Order statistics, free of any distribution: P(j <= B < k) with B binomial(n, p). The two
    tails are equal, unless the sample ends before one of them; then the other one pays.

    Args:
        n: Independent turns, at least `turns_needed(p)`.
        p: Between 0 and 1, exclusive.

    Returns:
        Ranks that count from 1.
    """
    above = p**n  # chance that the quantile lies above the largest value
    below = (1 - p) ** n
    upper_tail = max(above, min(_ALPHA / 2, _ALPHA - below))
    lower_tail = max(below, min(_ALPHA / 2, _ALPHA - above))
    j = _outcomes_below(n, p, lower_tail, or_equal=True)
    k = _outcomes_below(n, p, 1 - upper_tail) + 1
    return max(1, j), min(n, k)


def upper_rank(n: int, p: float, confidence: float) -> int | None:
    """Return the lowest rank k for which the p-quantile is at most x(k) with this confidence.

    Args:
        n: Independent turns, at least 1.
        p: Between 0 and 1, exclusive.
        confidence: Of the one-sided statement.

    Returns:
        A rank that counts from 1; `None` where even the largest value does not bound it.
    """
    rank = _outcomes_below(n, p, confidence) + 1
    return rank if rank <= n else None


def lower_rank(n: int, p: float, confidence: float) -> int | None:
    """Return the highest rank j for which the p-quantile is at least x(j), as `upper_rank`."""
    rank = _outcomes_below(n, p, 1 - confidence, or_equal=True)
    return rank if rank >= 1 else None


def share_bounds(share: float, n: float, confidence: float) -> tuple[float, float]:
    """Return the one-sided lower and upper bounds of a proportion, each at this confidence.

    Exact (Clopper and Pearson 1934), for effective observations as Korn and Graubard (1998) have
    it: the statement "at least 95 % of turns are within X" is that of "P95 is at most X".

    Args:
        share: The observed proportion.
        n: Observations it comes from, or effective ones; above 0.
        confidence: Of each bound by itself.
    """
    from scipy.special import betaincinv

    hits = share * n
    low = float(betaincinv(hits, n - hits + 1, 1 - confidence)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, n - hits, confidence)) if hits < n else 1.0
    return low, high


def _outcomes_below(n: int, p: float, chance: float, *, or_equal: bool = False) -> int:
    """Return how many b from 0 to n have P(B <= b) below a chance, or equal to it.

    Looked for within 12 standard deviations of the mean: a chance that lies beyond is no one's.
    """
    from scipy.special import bdtr

    far = math.ceil(12 * math.sqrt(n * p * (1 - p))) + 12
    first, last = max(0, math.floor(n * p) - far), min(n, math.ceil(n * p) + far)
    cdf = bdtr(np.arange(first, last + 1), n, p)
    return first + int(np.searchsorted(cdf, chance, side="right" if or_equal else "left"))
