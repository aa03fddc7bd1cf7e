"""When a packet is lost: independently of all others, or because the network is bad for a while.

Both processes live in time, not in packets. A chain that moves with each packet stops in its bad
state as soon as the sender falls silent, and TCP's retransmission timer then doubles for many
seconds; real kernels show the same when they are subjected to such a chain.
"""

from typing import Protocol

import numpy as np


class LossProcess(Protocol):
    """Decides, in order of time, which packets of one direction are lost."""

    def lost(self, at_ms: float) -> bool:
        """Return whether the packet sent at `at_ms` is lost; times never decrease."""
        ...


class Never:
    """No loss."""

    def lost(self, at_ms: float) -> bool:
        """Return that no packet is lost."""
        return False


class Independent:
    """Every packet is lost with the same probability.

    Args:
        rate: Probability from 0 (exclusive) to 1.
        rng: Random source, used for nothing else.
    """

    def __init__(self, rate: float, rng: np.random.Generator) -> None:
        self._rate, self._rng = rate, rng
        self._until = int(rng.geometric(rate))

    def lost(self, at_ms: float) -> bool:
        """Return whether the next packet is lost, counting down a geometric draw."""
        self._until -= 1
        if self._until > 0:
            return False
        self._until = int(self._rng.geometric(self._rate))
        return True


class Bursts:
    """All packets are lost while the network is bad; good and bad times are exponential.

    Args:
        rate: Share of the time that is bad, from 0 to 1, both exclusive.
        mean_bad_ms: Mean length of a bad time.
        rng: Random source, used for nothing else.
    """

    def __init__(self, rate: float, mean_bad_ms: float, rng: np.random.Generator) -> None:
        self._rng = rng
        self._mean_ms = {True: mean_bad_ms, False: mean_bad_ms * (1 - rate) / rate}
        self._bad = bool(rng.random() < rate)
        self._turns_ms = float(rng.exponential(self._mean_ms[self._bad]))

    def lost(self, at_ms: float) -> bool:
        """Return whether the network is bad at this time."""
        while self._turns_ms <= at_ms:
            self._bad = not self._bad
            self._turns_ms += float(self._rng.exponential(self._mean_ms[self._bad]))
        return self._bad


def loss_process(rate: float, mean_bad_ms: float | None, rng: np.random.Generator) -> LossProcess:
    """Return the process for a loss rate, in bursts when their mean length is given."""
    if rate <= 0:
        return Never()
    if mean_bad_ms is None or rate >= 1:
        return Independent(min(rate, 1.0), rng)
    return Bursts(rate, mean_bad_ms, rng)
