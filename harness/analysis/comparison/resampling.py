"""What other sessions might have shown: the session bootstrap of percentiles and shares.

Sessions are drawn again with all their turns (Davison and Hinkley 1997, 3.8; Field and Welsh 2007)
from a fixed seed, so that the same records always give the same numbers.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.analysis.quantiles import Sample

SEED = 20_261_129
_DRAWS = 1_000
# What comparisons and their deciles ask for most often.
_USUAL = (*(tenths / 10 for tenths in range(1, 10)), 0.95, 0.99)

Floats = NDArray[np.float64]


def percentile_draws(sample: Sample, ps: Sequence[float], side: int, draws: int = _DRAWS) -> Floats:
    """Return percentiles of the sample for sessions drawn again and again.

    Args:
        sample: At least one value.
        ps: Which quantiles, each between 0 and 1.
        side: A number of its own for each sample whose draws are to be independent.
        draws: How often.

    Returns:
        Shape (draws, len(ps)); `inf` where a draw ranks among right-censored turns.
    """
    order = np.argsort(sample.values_ms, kind="stable")
    ordered = sample.values_ms[order]
    _, members = np.unique(sample.sessions[order], return_inverse=True)
    count = int(members.max()) + 1
    rng = np.random.default_rng([SEED, side])
    rows = np.empty((draws, len(ps)))
    # Narrow numbers and the same memory again: this is where a comparison spends its time.
    members, turns = members.astype(np.int32), np.empty(len(ordered), dtype=np.int32)
    for row in rows:
        weights = np.bincount(rng.integers(0, count, count), minlength=count).astype(np.int32)
        np.cumsum(np.take(weights, members, out=turns), out=turns)
        # Rounded, since 100 x 0.07 is rank 7 and not, in binary fractions, just beyond it.
        ranks = np.ceil(np.round(turns[-1] * np.asarray(ps), 9)).astype(np.int32)
        row[:] = ordered[np.searchsorted(turns, np.maximum(ranks, 1))]
    return rows


class SessionDraws:
    """Draws of percentiles, made once for every sample that a comparison looks at."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[list[float], Floats]] = {}

    def of(self, key: Hashable, sample: Sample, ps: Sequence[float], side: int) -> Floats:
        """Return `percentile_draws` of a sample, those for other percentiles of it at hand.

        Args:
            key: Equal for the same sample on the same side.
            sample: At least one value.
            ps: Which quantiles.
            side: As for `percentile_draws`.
        """
        known = self._known.get(key)
        if known is None or not set(ps) <= set(known[0]):
            grid = sorted({*_USUAL, *ps})
            known = self._known[key] = (grid, percentile_draws(sample, grid, side))
        return known[1][:, [known[0].index(p) for p in ps]]


def share_draws(hits: NDArray[np.bool_], sessions: NDArray[np.int64], side: int) -> Floats:
    """Return the share of turns with a property for sessions drawn again, shape (draws,)."""
    _, members = np.unique(sessions, return_inverse=True)
    turns, having = np.bincount(members), np.bincount(members, weights=hits)
    rng = np.random.default_rng([SEED, side])
    found = np.empty(_DRAWS)
    for draw in range(_DRAWS):
        drawn = rng.integers(0, len(turns), len(turns))
        found[draw] = having[drawn].sum() / turns[drawn].sum()
    return found


def spread(draws: Floats, sessions: int) -> float | None:
    """Return the standard error that draws show, widened for few sessions.

    Args:
        draws: Shape (draws,), on the scale of the comparison.
        sessions: Sessions they were drawn from, at least 2.

    Returns:
        `None` where a draw is not finite: the tail is right-censored, or not above 0.
    """
    if not np.isfinite(draws).all():
        return None
    return float(draws.std(ddof=1)) * float(np.sqrt(sessions / (sessions - 1)))
