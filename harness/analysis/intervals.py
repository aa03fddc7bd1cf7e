"""How far a number from n turns in G sessions can be trusted.

Turns of one session share a connection, a worker and a growing context, so they are not n
independent observations. The design effect of the session clusters turns them into fewer
effective ones, and a Student correction pays for having estimated it from few sessions (Kish 1965;
Korn and Graubard 1998). Every interval is two-sided at 95 % and holds within one run: it
cannot see how runs differ from each other.
"""

import math
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
_ALPHA = 1 - CONFIDENCE
_Z = NormalDist().inv_cdf(1 - _ALPHA / 2)


def t_quantile(probability: float, degrees: int) -> float:
    """Return Student's t quantile.

    Exact for one and two degrees of freedom; from three on the Cornish-Fisher expansion of
    Abramowitz and Stegun 26.7.5, which is within 0.2 % at 0.975.

    Args:
        probability: Between 0 and 1, exclusive.
        degrees: At least 1.
    """
    if degrees == 1:
        return math.tan(math.pi * (probability - 0.5))
    if degrees == 2:
        spread = 2 * probability - 1
        return spread * math.sqrt(2 / (1 - spread**2))
    z = NormalDist().inv_cdf(probability)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return math.fsum(term / degrees**power for power, term in enumerate(terms))


def effective_n(indicator: NDArray[np.bool_], clusters: NDArray[np.int64]) -> float | None:
    """Return how many independent turns the share of `indicator` is worth.

    A design effect below 1 is taken as 1: with few sessions it is chance.

    Args:
        indicator: Shape (n,), n at least 1: whether each turn has the property.
        clusters: Shape (n,): which session each turn belongs to.

    Returns:
        At most n; `None` with fewer than two sessions, where nothing can be known about how
        alike the turns of a session are.
    """
    n = len(indicator)
    _, members = np.unique(clusters, return_inverse=True)
    sessions = int(members.max()) + 1
    if sessions < 2:
        return None
    share = float(indicator.mean())
    sums = np.bincount(members, weights=indicator - share)
    between = sessions / (sessions - 1) * float(np.square(sums).sum()) / n**2
    independent = share * (1 - share) / (n - 1)
    design_effect = max(1.0, between / independent) if independent > 0 else 1.0
    tail = 1 - _ALPHA / 2
    student = (t_quantile(tail, n - 1) / t_quantile(tail, sessions - 1)) ** 2
    # Rounded, so that the order of the turns does not show in the last bits.
    return round(n / design_effect * min(1.0, student), 9)


def wilson(share: float, n: float) -> tuple[float, float]:
    """Return Wilson's interval for a proportion (Wilson 1927).

    Args:
        share: The observed proportion.
        n: Observations it comes from, or effective ones; above 0.
    """
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
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
    cdf = _binomial_cdf(n, p)
    j = int(np.searchsorted(cdf, lower_tail, side="right"))
    k = int(np.searchsorted(cdf, 1 - upper_tail, side="left")) + 1
    return max(1, j), min(n, k)


def _binomial_cdf(n: int, p: float) -> NDArray[np.float64]:
    """Return P(B <= b) for b from 0 to n."""
    log_factorial = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, n + 1)))))
    b = np.arange(n + 1)
    log_chance = (
        log_factorial[n]
        - log_factorial
        - log_factorial[::-1]
        + b * math.log(p)
        + (n - b) * math.log1p(-p)
    )
    return np.asarray(np.cumsum(np.exp(log_chance)), dtype=np.float64)
