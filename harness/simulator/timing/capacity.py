"""How many responses can be worked on at once, and what happens beyond that.

The queue: `slots` servers and one queue. A response takes a slot for a service time drawn from an
exponential distribution, and waits for one when all are taken. Arrivals at random make it M/M/c,
whose wait is known: with an offered load of `rate x service / slots` it is next to nothing up to
some 60-70 %, then the tail grows before the median does, and at 100 % it grows without end. That
last is the knee: `slots / service_s` responses a second.

The cliff: up to `slots` responses at once cost nothing; beyond, every new one waits `cliff_ms`.

Both are computed on arrival, without a timer: the queue is served in order, so the instant at
which a slot comes free is known as soon as somebody joins.
"""

import heapq
from dataclasses import dataclass

import numpy as np

from harness.errors import BadInput
from harness.model import NS_PER_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityRule:
    """What the service can carry.

    Attributes:
        slots: Responses worked on at once.
        service_ms: Mean time one takes a slot.
        cliff_ms: For the cliff: the wait beyond the edge. `None` makes it a queue.
        longest_queue: Responses that may wait; one more fails. `None` for no end.
    """

    slots: int
    service_ms: float = 1000.0
    cliff_ms: float | None = None
    longest_queue: int | None = None

    def __post_init__(self) -> None:
        """Refuse what carries nothing."""
        if self.slots < 1 or self.service_ms <= 0:
            raise BadInput("slots and service_ms must be positive", where="capacity")
        if self.cliff_ms is not None and self.cliff_ms <= 0:
            raise BadInput("cliff_ms must be positive", where="capacity")

    @property
    def knee_per_s(self) -> float:
        """Responses a second beyond which the wait grows without end."""
        return self.slots * 1000.0 / self.service_ms


class Capacity:
    """The state of a service under load.

    Args:
        rule: What it can carry.
        rng: Source of service times.
    """

    def __init__(self, rule: CapacityRule, rng: np.random.Generator) -> None:
        self._rule, self._rng = rule, rng
        self._free_at = [0] * rule.slots
        self._ends: list[int] = []
        self._starts: list[int] = []

    def admit(self, now_ns: int) -> int | None:
        """Take one response.

        Args:
            now_ns: When it was asked for; not earlier than the last.

        Returns:
            How long it waits before anybody works on it, in nanoseconds; `None` when the queue is
            full and it is turned away.
        """
        service_ns = round(self._rng.exponential(self._rule.service_ms) * NS_PER_MS)
        if self._rule.cliff_ms is not None:
            return self._over_the_cliff(now_ns, service_ns, self._rule.cliff_ms)
        _drop_before(self._starts, now_ns)
        longest = self._rule.longest_queue
        start_ns = max(now_ns, self._free_at[0])
        if start_ns > now_ns:
            if longest is not None and len(self._starts) >= longest:
                return None
            heapq.heappush(self._starts, start_ns)
        heapq.heapreplace(self._free_at, start_ns + service_ns)
        return start_ns - now_ns

    def _over_the_cliff(self, now_ns: int, service_ns: int, cliff_ms: float) -> int:
        _drop_before(self._ends, now_ns)
        wait_ns = round(cliff_ms * NS_PER_MS) if len(self._ends) >= self._rule.slots else 0
        heapq.heappush(self._ends, now_ns + wait_ns + service_ns)
        return wait_ns


def _drop_before(heap: list[int], now_ns: int) -> None:
    while heap and heap[0] <= now_ns:
        heapq.heappop(heap)


def erlang_c_wait_s(*, rate_per_s: float, slots: int, service_s: float) -> float:
    """Return the mean wait of M/M/c, in seconds: the reference that tests compare the queue with.

    Args:
        rate_per_s: Arrivals, at random.
        slots: Servers.
        service_s: Mean service time.

    Raises:
        ValueError: The load is 100 % or more, where there is no mean.
    """
    load = rate_per_s * service_s
    if load >= slots:
        raise ValueError("beyond the knee the wait has no mean")
    blocked = 1.0
    for number in range(1, slots + 1):
        blocked = load * blocked / (number + load * blocked)
    waits = blocked / (1 - load / slots * (1 - blocked))
    return waits * service_s / (slots - load)
