"""The only reader of a clock.

Every duration in this project is a difference of two `now_ns` readings. Wall time is read for
names and provenance only, never subtracted.
"""

import time
from datetime import UTC, datetime

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


def now_ns() -> int:
    """Return the monotonic clock in integer nanoseconds.

    On one machine the origin is shared by all processes (CLOCK_MONOTONIC), so the simulator's
    truth log and a caller's turn records are on the same axis.
    """
    return time.monotonic_ns()


def wall_time() -> datetime:
    """Return the time of day in UTC, for manifests and directory names."""
    return datetime.now(UTC)
