"""How late frames reached the server, by the server's own record of their arrivals.

The null server's native program writes every frame's arrival. A session's frames are due a frame
length apart; its grid is laid through the earliest of them, so that a constant transport delay does
not count as lateness. A frame that never came shows as a shift of all later frames by whole frame
lengths.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.model import NS_PER_MS

# After the last frames nothing shows whether others were left out before them.
_LOOK_AHEAD_NS = 200 * NS_PER_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Frames as the server saw them.

    Attributes:
        frames: How many were received in the interval.
        missing: How many never came, of each session from its first frame to the interval's end.
        p50_ms: Lateness, median; `None` without frames.
        p99_ms: The same, 99th percentile.
        p999_ms: The same, 99.9th percentile.
        max_ms: The largest.
    """

    frames: int
    missing: int
    p50_ms: float | None
    p99_ms: float | None
    p999_ms: float | None
    max_ms: float | None


def read_arrivals(path: Path, frame_ns: int, from_ns: int, until_ns: int) -> Arrivals:
    """Return how late the frames of an interval were, and how many are missing until its end.

    Args:
        path: What the null server recorded.
        frame_ns: Length of a frame.
        from_ns: Begin of the interval on the monotonic clock.
        until_ns: Its end.
    """
    words = np.fromfile(path, dtype=np.int64)
    records = words[: len(words) // 2 * 2].reshape(-1, 2)
    records = records[records[:, 1] < until_ns]
    order = np.argsort(records[:, 0], kind="stable")
    records = records[order]
    starts = np.flatnonzero(np.diff(records[:, 0], prepend=-1))
    late, missing = [np.empty(0)], 0
    for at_ns in np.split(records[:, 1], starts[1:]) if len(records) else ():
        session_late, session_missing = lateness(at_ns, frame_ns)
        late.append(session_late[at_ns[: len(session_late)] >= from_ns])
        missing += session_missing
    late_ms = np.sort(np.concatenate(late)) / NS_PER_MS
    return Arrivals(
        frames=int(np.count_nonzero(records[:, 1] >= from_ns)),
        missing=missing,
        p50_ms=_percentile(late_ms, 50),
        p99_ms=_percentile(late_ms, 99),
        p999_ms=_percentile(late_ms, 99.9),
        max_ms=_percentile(late_ms, 100),
    )


def lateness(at_ns: NDArray[np.int64], frame_ns: int) -> tuple[NDArray[np.float64], int]:
    """Return the lateness of a session's frames in nanoseconds, and how many are missing.

    Args:
        at_ns: int64, shape (n,): arrivals, ascending.
        frame_ns: Length of a frame.
    """
    apart = at_ns - frame_ns * np.arange(len(at_ns))
    # A late frame is followed by one that is not; a missing one shifts all that follow.
    settled = np.minimum.accumulate(apart[::-1])[::-1]
    # From there on too few frames are left to tell the two from each other.
    known = at_ns <= at_ns[-1] - max(_LOOK_AHEAD_NS, 2 * frame_ns)
    if not known.any():
        return np.empty(0), 0
    settled = np.where(known, settled, settled[known][-1])
    shifts = np.rint((settled - settled[0]) / frame_ns)
    late = apart - settled[0] - frame_ns * shifts
    return np.maximum(late[known], 0.0).astype(np.float64), int(shifts[-1])


def _percentile(late_ms: NDArray[np.float64], percent: float) -> float | None:
    if not len(late_ms):
        return None
    return round(float(np.percentile(late_ms, percent, method="inverted_cdf")), 3)
