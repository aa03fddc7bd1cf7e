"""The only reader of a clock.

Every duration in this project is a difference of two `now_ns` readings. Wall time is read for
names and provenance, and to understand what others stamped with it; never subtracted.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

# Nothing around it: it is read twice for every frame.
now_ns: Callable[[], int] = time.monotonic_ns
"""The monotonic clock in integer nanoseconds.

On one machine the origin is shared by all processes (CLOCK_MONOTONIC), so the simulator's truth log
and a caller's turn records are on the same axis.
"""

# Two readings around a third one are mostly 0.2 µs apart; of so many, one was not interrupted.
_TRIES = 20
CLOCK_SLACK_NS = 10_000
"""How far the two clocks are taken to be apart by chance: less than any error that matters."""


def wall_time() -> datetime:
    """Return the time of day in UTC, for manifests and directory names."""
    return datetime.now(UTC)


class WallOffset:
    """How far wall time is ahead of the monotonic clock, watched.

    Both clocks run at one rate, whatever a time service does to it. They move against each other
    only when wall time is set.

    Attributes:
        ns: Wall time minus monotonic time, in nanoseconds.
    """

    def __init__(self) -> None:
        self.ns = _wall_offset_ns()

    def still_holds(self, before_ns: int) -> bool:
        """Return whether wall time has not been set since the last look; take the new offset if so.

        Args:
            before_ns: A reading of `now_ns`; the fresher it is, the smaller a step is noticed.
        """
        wall_ns = time.time_ns()
        # True offset lies between these two.
        least_ns, most_ns = wall_ns - time.monotonic_ns(), wall_ns - before_ns
        if least_ns - CLOCK_SLACK_NS <= self.ns <= most_ns + CLOCK_SLACK_NS:
            return True
        self.ns = _wall_offset_ns()
        return False


def _wall_offset_ns() -> int:
    """Return the difference of the clocks by the tightest of several readings."""
    tightest_ns = offset_ns = 0
    for attempt in range(_TRIES):
        before_ns = time.monotonic_ns()
        wall_ns = time.time_ns()
        apart_ns = time.monotonic_ns() - before_ns
        if not attempt or apart_ns < tightest_ns:
            tightest_ns, offset_ns = apart_ns, wall_ns - before_ns - apart_ns // 2
    return offset_ns
