"""A quantity as measured, with the one-sided bounds that verdicts rest on.

A bound is what is known with the confidence asked for: the quantity is at most `high`, and, as a
statement of its own, at least `low`. Bounds of a percentile are Woodruff's (1952), read off the
ordered values at the exact binomial ranks of the effective number of turns; those of a share are
exact for the effective number, so that "P95 is at most X" and "at least 95 % are within X" agree.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.intervals import (
    Clustering,
    clustering,
    lower_rank,
    share_bounds,
    upper_rank,
)
from harness.analysis.quantiles import Sample, value_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a second way of reckoning says of the same bounds; `None` for what it cannot tell."""

    name: str
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A quantity as far as it is known, in its own unit.

    Attributes:
        value: The estimate; `None` when it cannot be told.
        low: What it is at least; `None` when nothing is known.
        high: What it is at most; `None` when nothing is known.
        n: What it comes from, such as turns.
        of: What these are, in the plural.
        sessions: Sessions they come from.
        n_eff: Independent ones they are worth.
        design_effect: Loss of precision since turns of one session are alike.
        icc: How alike they are, in what the quantity looks at.
        censored: How many of them are right-censored.
        hits: Of a share, how many have the property.
        needs: How many would support the quantity, when these do not.
        why: Why something is missing, or what else the bounds rest on.
        checks: What other ways of reckoning say of the bounds.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    of: str = "turns"
    sessions: int = 0
    n_eff: float | None = None
    design_effect: float | None = None
    icc: float | None = None
    censored: int = 0
    hits: int | None = None
    needs: int | None = None
    why: str = ""
    checks: tuple[Bound, ...] = ()


def measure_percentile(sample: Sample, p: float, confidence: float) -> Measured:
    """Measure the p-quantile of a sample by nearest rank.

    Args:
        sample: The latencies.
        p: Between 0 and 1, exclusive.
        confidence: Of each bound.
    """
    n = len(sample.values_ms)
    if n == 0:
        return Measured(value=None, of=sample.of, why=f"no {sample.of} were measured")
    ordered = np.sort(sample.values_ms)
    # Rounded, since 100 x 0.07 is rank 7 and not, in binary fractions, just beyond it.
    value = float(ordered[math.ceil(round(n * p, 9)) - 1])
    found = clustering(sample.values_ms <= value, sample.sessions)
    sessions = len(np.unique(sample.sessions))
    censored = int(np.isposinf(ordered).sum())
    needed = fewest(p, confidence)
    if found is None or math.floor(found.n_eff) < needed:
        worth = n if found is None else max(found.n_eff, 1e-9)
        return Measured(
            value=None,
            n=n,
            of=sample.of,
            sessions=sessions,
            n_eff=None if found is None else found.n_eff,
            design_effect=None if found is None else found.design_effect,
            icc=None if found is None else found.icc,
            censored=censored,
            needs=max(needed, math.ceil(needed * n / worth)),
            why=_unsupported(n, sample.of, sessions, needed, found),
        )
    whole = math.floor(found.n_eff)
    low_rank, high_rank = lower_rank(whole, p, confidence), upper_rank(whole, p, confidence)
    low = None if low_rank is None else value_at(ordered, low_rank * n / whole)
    high = None if high_rank is None else value_at(ordered, high_rank * n / whole, upwards=True)
    why = ""
    if math.isinf(value) or (high is not None and math.isinf(high)):
        which = "the percentile" if math.isinf(value) else "its upper bound"
        why = f"{which} lies above the limit of {sample.floor_ms:.0f} ms"
    return Measured(
        value=None if math.isinf(value) else value,
        low=sample.floor_ms if low is not None and math.isinf(low) else low,
        high=None if high is None or math.isinf(high) else high,
        n=n,
        of=sample.of,
        sessions=sessions,
        n_eff=found.n_eff,
        design_effect=found.design_effect,
        icc=found.icc,
        censored=censored,
        why=why,
    )


def _unsupported(n: int, of: str, sessions: int, needed: int, found: Clustering | None) -> str:
    if n < needed:
        return f"needs {needed} {of}, has {n}"
    if found is None:
        return f"needs more than 1 session: how alike the {n} {of} of one are cannot be known"
    whole = math.floor(found.n_eff)
    ones = f"{whole} independent ones" if whole else "less than one independent one"
    return f"{n} {of} in {sessions} sessions are worth {ones}, not {needed}"


def measure_share(
    hits: NDArray[np.bool_], sessions: NDArray[np.int64], confidence: float, of: str = "turns"
) -> Measured:
    """Measure the share of turns that have a property.

    Args:
        hits: Shape (n,): which have it.
        sessions: Shape (n,): a number for the session each comes from.
        confidence: Of each bound.
        of: What they are.
    """
    n = len(hits)
    if n == 0:
        return Measured(value=None, of=of, why=f"no {of} were measured")
    value, found = float(hits.mean()), clustering(hits, sessions)
    if found is None:
        why = f"needs more than 1 session: how alike the {n} {of} of one are cannot be known"
        return Measured(value=value, n=n, of=of, sessions=1, hits=int(hits.sum()), why=why)
    low, high = share_bounds(value, found.n_eff, confidence)
    return Measured(
        value=value,
        low=low,
        high=high,
        n=n,
        of=of,
        sessions=len(np.unique(sessions)),
        n_eff=found.n_eff,
        design_effect=found.design_effect,
        icc=found.icc,
        hits=int(hits.sum()),
    )


def fewest(p: float, confidence: float) -> int:
    """Return the fewest independent turns that bound the p-quantile from above.

    The smallest n with 1 - p^n at least the confidence: 59 for P95, 299 for P99, 5 for the median.

    Args:
        p: Between 0 and 1, exclusive.
        confidence: Of the bound.
    """
    return math.ceil(round(math.log(1 - confidence) / math.log(p), 9))
