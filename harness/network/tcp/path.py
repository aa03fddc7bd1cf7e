"""The network under one TCP connection, as a profile and its stages describe it.

Packets never overtake each other. A stall holds what is sent during it; a loss swallows it. A
packet takes a little longer than the profile says, as on any network: without that, frames and
acknowledgements of a network whose round trip is a multiple of the cadence would always tie.
"""

import bisect
from collections.abc import Sequence

import numpy as np

from harness.model import Direction, Stage
from harness.network.tcp.loss import loss_process

NOISE_MS = 0.15
"""Mean of what a packet takes beyond the delay."""

NOTHING_MS = 1.0
"""Extra delay up to this is that noise and no stall."""


class _DirectionPath:
    """One direction: when a packet arrives, or that it does not.

    Args:
        stages: From when on in milliseconds, and what holds then; the first from 0.
        rng: Source of chance of this direction.
    """

    def __init__(self, stages: Sequence[tuple[float, Direction]], rng: np.random.Generator) -> None:
        self._rng = rng
        self._from_ms = [from_ms for from_ms, _ in stages]
        self._delay_ms = [one.delay_ms for _, one in stages]
        self._loss = [loss_process(one.loss, one.burst_ms, rng) for _, one in stages]
        self._stalls = [_Stalls(one, rng) for _, one in stages]
        self._last_ms = 0.0

    def arrival(self, at_ms: float) -> float | None:
        stage = bisect.bisect_right(self._from_ms, at_ms) - 1
        if self._loss[stage].lost(at_ms):
            return None
        leaves_ms = self._stalls[stage].until(at_ms)
        arrives_ms = leaves_ms + self._delay_ms[stage] + self._rng.standard_exponential() * NOISE_MS
        self._last_ms = max(self._last_ms, arrives_ms)
        return self._last_ms


class _Stalls:
    """Holds packets for a while every so often, the first time at a random moment."""

    def __init__(self, direction: Direction, rng: np.random.Generator) -> None:
        self._rng, self._every_ms, self._length_ms = (
            rng,
            direction.stall_every_ms,
            direction.stall_ms,
        )
        if self._every_ms is not None:
            self._begins_ms = float(rng.uniform(0, self._every_ms))
            self._ends_ms = self._begins_ms + float(rng.uniform(*self._length_ms))

    def until(self, at_ms: float) -> float:
        if self._every_ms is None:
            return at_ms
        while self._ends_ms <= at_ms:
            self._begins_ms += self._every_ms
            self._ends_ms = self._begins_ms + float(self._rng.uniform(*self._length_ms))
        return self._ends_ms if self._begins_ms <= at_ms else at_ms


class ProfilePath:
    """What one direction of a session's connection runs over.

    Args:
        stages: The profile over time, the first from 0.
        upwards: Whether messages go from caller to API; acknowledgements go in the other.
        rng: Source of chance.

    Attributes:
        rtt_ms: Round trip in the first stage.
    """

    def __init__(self, stages: Sequence[Stage], *, upwards: bool, rng: np.random.Generator) -> None:
        ups = [(stage.from_s * 1000, stage.up) for stage in stages]
        downs = [(stage.from_s * 1000, stage.down) for stage in stages]
        self.rtt_ms = stages[0].up.delay_ms + stages[0].down.delay_ms
        ahead, behind = (ups, downs) if upwards else (downs, ups)
        first, second = rng.spawn(2)
        self._there, self._back = _DirectionPath(ahead, first), _DirectionPath(behind, second)

    def there(self, at_ms: float) -> float | None:
        """Return when a packet sent at `at_ms` arrives, `None` when it is lost."""
        return self._there.arrival(at_ms)

    def back(self, at_ms: float) -> float | None:
        """Return when an acknowledgement sent at `at_ms` arrives, `None` when it is lost."""
        return self._back.arrival(at_ms)
