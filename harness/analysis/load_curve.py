"""How many sessions were open when, and while the load was at its level."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from harness.model import NS_PER_S, SessionRecord

_POINTS = 240
LEVEL = 0.9
"""The load is at its level between the first and the last moment with this share of its peak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCurve:
    """Open sessions over time, in seconds since run start.

    Attributes:
        at_s: Begins of stretches of equal length.
        open: Most sessions open at once in each.
        level_from_s: When the load first reached its level.
        level_until_s: When it last had it.
    """

    at_s: tuple[float, ...]
    open: tuple[int, ...]
    level_from_s: float
    level_until_s: float


def load_curve(sessions: Iterable[SessionRecord]) -> LoadCurve | None:
    """Return the curve; `None` when no session was opened and closed.

    A session without an end was open until the last one of which the end is known.
    """
    spans = [
        (one.open_start_ns, one.closed_ns) for one in sessions if one.open_start_ns is not None
    ]
    ends = [closed_ns for _, closed_ns in spans if closed_ns is not None]
    if not ends:
        return None
    last_ns = max(ends)
    begins = np.sort([begin / NS_PER_S for begin, _ in spans])
    closes = np.sort([(last_ns if end is None else end) / NS_PER_S for _, end in spans])
    steps = np.unique(np.concatenate([begins, closes]))
    counts = np.searchsorted(begins, steps, "right") - np.searchsorted(closes, steps, "right")
    high = np.flatnonzero(counts >= LEVEL * counts.max())
    edges = np.linspace(steps[0], steps[-1], _POINTS + 1)
    # What is open at the begin of a stretch goes on into it.
    first = np.maximum(np.searchsorted(steps, edges[:-1], "right") - 1, 0)
    after = np.maximum(np.searchsorted(steps, edges[1:], "left"), first + 1)
    return LoadCurve(
        at_s=tuple(edges[:-1].tolist()),
        open=tuple(int(counts[a:b].max()) for a, b in zip(first, after, strict=True)),
        level_from_s=float(steps[high[0]]),
        level_until_s=float(steps[min(high[-1] + 1, len(steps) - 1)]),
    )
