"""The only reader of a clock.

Every duration in this project is a difference of two `now_ns` readings. Wall time is read for
names and provenance only, never subtracted.
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


def wall_time() -> datetime:
    """Return the time of day in UTC, for manifests and directory names."""
    return datetime.now(UTC)
