"""Latencies of made-up runs: log-normal turns, alike within a session and within a run.

The truth is known in closed form, so that intervals and verdicts can be checked against it.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

MEDIAN_MS = 800.0
SPREAD = 0.35
"""Standard deviation of the logarithm of a turn's latency, about a coefficient of variation."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedTarget:
    """A target whose runs are made up.

    Attributes:
        icc: Intra-class correlation of the logarithms within a session.
        run_sd: Standard deviation between runs of the logarithm.
        sessions: Sessions a run.
        turns: Turns a session.
        slower: By what share it is slower than the standard one.
    """

    icc: float
    run_sd: float = 0.0
    sessions: int = 100
    turns: int = 10
    slower: float = 0.0

    def runs(self, count: int, rng: np.random.Generator, drift: Floats | None = None) -> Floats:
        """Return latencies of several runs in ms, shape (count, sessions, turns).

        Args:
            count: How many runs.
            rng: Source of chance.
            drift: What each run shares with one of another target, shape (count,); drawn with the
                run's own standard deviation where not given.
        """
        shape = (count, self.sessions, self.turns)
        shared = rng.normal(0, self.run_sd, count) if drift is None else drift
        of_session = math.sqrt(self.icc) * rng.normal(size=(count, self.sessions, 1))
        of_turn = math.sqrt(1 - self.icc) * rng.normal(size=shape)
        logs = math.log(MEDIAN_MS * (1 + self.slower)) + shared[:, None, None]
        return np.exp(logs + SPREAD * (of_session + of_turn))

    def percentile_ms(self, p: float) -> float:
        """Return the true p-quantile of a run without drift."""
        return MEDIAN_MS * (1 + self.slower) * math.exp(SPREAD * NormalDist().inv_cdf(p))


def log_percentiles(runs: Floats, p: float) -> Floats:
    """Return the logarithm of the p-quantile of each run, by nearest rank."""
    flat = runs.reshape(len(runs), -1)
    rank = math.ceil(round(flat.shape[1] * p, 9)) - 1
    return np.asarray(np.log(np.partition(flat, rank, axis=1)[:, rank]), dtype=np.float64)
