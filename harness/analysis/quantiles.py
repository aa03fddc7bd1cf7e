"""Percentiles of latencies, with the interval each of them deserves.

The point estimate is the nearest rank, x(ceil(n p)), of the raw values: it is a latency that
somebody had. The interval is Woodruff's (1952): how uncertain the share of turns below the
estimate is, given the sessions they come from, read off the same ordered values.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.intervals import covering_ranks, effective_n, turns_needed


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """Latencies of one metric in one stratum.

    Attributes:
        values_ms: Shape (n,), float64; `inf` where the latency is known only to be at least
            the limit, so that it ranks last.
        sessions: Shape (n,), int64: a number for the session each value comes from.
        floor_ms: The least that a censored latency can be; `None` when none is censored.
        of: What the values are one of, in the plural, for reasons in words.
    """

    values_ms: NDArray[np.float64]
    sessions: NDArray[np.int64]
    floor_ms: float | None = None
    of: str = "turns"

    def __post_init__(self) -> None:
        """Hold the three to each other."""
        if self.values_ms.shape != self.sessions.shape or self.values_ms.ndim != 1:
            raise ValueError("one session for each value")
        if np.isnan(self.values_ms).any() or np.isneginf(self.values_ms).any():
            raise ValueError("a latency is a number; what was not measured is left out")
        if (self.floor_ms is None) == bool(np.isposinf(self.values_ms).any()):
            raise ValueError("censored values and their floor come together")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A percentile as far as the sample supports it, in milliseconds.

    Attributes:
        value_ms: The percentile; `None` when the sample cannot support it or it lies above the
            limit.
        low_ms: Lower end of the 95 % interval; when the percentile lies above the limit, all
            that is known of it.
        high_ms: Upper end; `None` when it lies above the limit or nothing is supported.
        n: Values in the sample.
        n_eff: Independent values they are worth; `None` when that cannot be known.
        sessions: Sessions they come from.
        needs_turns: About how many turns would support the percentile, when these do not.
        why: Why something is missing; empty when nothing is.
    """

    value_ms: float | None
    low_ms: float | None
    high_ms: float | None
    n: int
    n_eff: float | None
    sessions: int
    needs_turns: int | None = None
    why: str = ""


def estimate(sample: Sample, p: float) -> Estimate:
    """Estimate the p-quantile of a sample.

    Args:
        sample: The latencies.
        p: Between 0 and 1, exclusive.
    """
    n = len(sample.values_ms)
    sessions = len(np.unique(sample.sessions))
    if n == 0:
        return _unsupported(n, None, sessions, turns_needed(p), f"no {sample.of} were measured")
    ordered = np.sort(sample.values_ms)
    # Rounded, since 100 x 0.07 is rank 7 and not, in binary fractions, just beyond it.
    value = float(ordered[math.ceil(round(n * p, 9)) - 1])
    n_eff = effective_n(sample.values_ms <= value, sample.sessions)
    needed = turns_needed(p)
    if n < needed:
        return _unsupported(n, n_eff, sessions, needed, f"needs {needed} {sample.of}, has {n}")
    if n_eff is None:
        why = f"needs more than 1 session: how alike the {n} {sample.of} of one are cannot be known"
        return _unsupported(n, None, sessions, needed, why)
    whole = math.floor(n_eff)
    if whole < needed:
        ones = f"{whole} independent ones" if whole else "less than one independent one"
        worth = f"{n} in {sessions} sessions are worth {ones}"
        turns = math.ceil(needed * n / n_eff)
        why = f"needs about {turns} {sample.of}: {worth}, not {needed}"
        return _unsupported(n, n_eff, sessions, turns, why)
    j, k = covering_ranks(whole, p)
    low, high = value_at(ordered, j * n / whole), value_at(ordered, k * n / whole, upwards=True)
    return _within_limit(sample, value, low, high, n=n, n_eff=n_eff, sessions=sessions)


def value_at(ordered: NDArray[np.float64], rank: float, *, upwards: bool = False) -> float:
    """Return the value at a rank, between two values where it lies between two ranks.

    Effective turns are fewer than there are, so that their ranks fall between those of the values;
    to round outwards would make every interval wider than it says.

    Args:
        ordered: Shape (n,), ascending; may end in `inf`, between which nothing lies.
        rank: From 1; what lies beyond the ends is taken to be there.
        upwards: Which of two values to take where one of them is not finite.
    """
    inside = min(max(rank, 1.0), float(len(ordered)))
    below = math.floor(inside)
    low, high = float(ordered[below - 1]), float(ordered[min(below, len(ordered) - 1)])
    part = inside - below
    if part == 0 or low == high:
        return low
    if math.isinf(high):
        return high if upwards else low
    return low + part * (high - low)


def _within_limit(
    sample: Sample, value: float, low: float, high: float, *, n: int, n_eff: float, sessions: int
) -> Estimate:
    """Replace what ranks among the censored values by what is known of it."""
    why = ""
    if math.isinf(high):
        which = "the percentile" if math.isinf(value) else "its upper bound"
        why = f"{which} lies above the limit of {sample.floor_ms:.0f} ms"
    return Estimate(
        value_ms=None if math.isinf(value) else value,
        low_ms=sample.floor_ms if math.isinf(low) else low,
        high_ms=None if math.isinf(high) else high,
        n=n,
        n_eff=n_eff,
        sessions=sessions,
        why=why,
    )


def _unsupported(
    n: int, n_eff: float | None, sessions: int, needs_turns: int, why: str
) -> Estimate:
    return Estimate(
        value_ms=None,
        low_ms=None,
        high_ms=None,
        n=n,
        n_eff=n_eff,
        sessions=sessions,
        needs_turns=needs_turns,
        why=why,
    )
