"""A second opinion on the bounds of a percentile: drawn again by session, and by time.

Woodruff's bounds decide, unless drawing the sessions again (the session bootstrap) or stretches of
the run of half a minute (a block bootstrap, for queues and drift that turns of different sessions
share) reaches clearly further. Then the further bound decides, which can make a verdict
inconclusive, never turn it.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.analysis.comparison.resampling import percentile_draws
from harness.analysis.objectives.measured import Bound, Measured
from harness.analysis.quantiles import Sample

BLOCK_S = 30.0
"""Length of a stretch of time that is drawn as a whole, from the literature's 30 to 60 s."""

FEWEST_BLOCKS = 20
"""Fewer stretches tell next to nothing of how they differ: ten minutes of a run."""

_FEWEST_SESSIONS = 20
# A bootstrap's own chance with that many draws moves its ends by some tenth of the width, and each
# draw takes as long as there are turns.
_DRAWS, _DRAWS_OF_MANY, _MANY = 400, 200, 20_000
_CLEARLY = 0.25


@dataclass(frozen=True, slots=True)
class _Resampling:
    name: str
    clusters: NDArray[np.int64]
    fewest: int


def cross_checked(
    found: Measured,
    sample: Sample,
    blocks: NDArray[np.int64] | None,
    p: float,
    confidence: float,
) -> Measured:
    """Return a measured percentile with its checks, and with their bounds where those decide.

    Args:
        found: The percentile of the sample.
        sample: Its values.
        blocks: Shape (n,): in which stretch of the run each value began; `None` where values have
            no time.
        p: Which quantile.
        confidence: Of each bound.
    """
    if found.value is None or found.low is None or found.high is None:
        return found
    resamplings = [_Resampling("session bootstrap", sample.sessions, _FEWEST_SESSIONS)]
    if blocks is not None:
        resamplings.append(
            _Resampling(f"bootstrap of {BLOCK_S:.0f} s blocks", blocks, FEWEST_BLOCKS)
        )
    checks = [
        _drawn(one, sample, p, confidence, side)
        for side, one in enumerate(resamplings, start=101)
        if len(np.unique(one.clusters)) >= one.fewest
    ]
    low, high, beyond = found.low, found.high, (found.high - found.low) * _CLEARLY
    decided = []
    for check in checks:
        further = False
        if check.low is not None and check.low < found.low - beyond:
            low, further = min(low, check.low), True
        if check.high is not None and check.high > found.high + beyond:
            high, further = max(high, check.high), True
        if further:
            decided.append(check.name)
    why = found.why
    if decided:
        words = f"bounds as wide as the {' and the '.join(decided)} has them"
        why = f"{why}; {words}" if why else words
    return replace(found, low=low, high=high, why=why, checks=tuple(checks))


def _drawn(one: _Resampling, sample: Sample, p: float, confidence: float, side: int) -> Bound:
    again = Sample(sample.values_ms, one.clusters, sample.floor_ms, sample.of)
    times = _DRAWS if len(sample.values_ms) <= _MANY else _DRAWS_OF_MANY
    draws = np.sort(percentile_draws(again, [p], side, times)[:, 0])
    # Ranks, not interpolation: between a number and a right-censored one there is nothing.
    low = float(draws[int(np.floor((1 - confidence) * (len(draws) - 1)))])
    high = float(draws[int(np.ceil(confidence * (len(draws) - 1)))])
    return Bound(
        name=one.name,
        low=low if np.isfinite(low) else None,
        high=high if np.isfinite(high) else None,
    )
