"""What a spike breaks, in which order, and how long it takes until all is back.

Callers are held at the limit before, during and after the spike, and theirs are the turns that are
looked at, in spans of time: the callers of the spike only make the load. An objective is broken in
the first span during or after the spike in which it is missed by more than chance leaves open
beside the time before; all is back with the first span after it from which on nothing is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.intervals import share_bounds

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SPAN_S = 5.0
_CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SpikeSeries:
    """How one objective was missed over the time of a spike.

    Attributes:
        subject: The objective, in words.
        allowed: Share of turns that may miss it.
        at_s: Shape (n,): when each turn was spoken.
        missed: Shape (n,): whether it missed it.
    """

    subject: str
    allowed: float
    at_s: Floats
    missed: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One objective under a spike.

    Attributes:
        subject: The objective.
        before: Share of turns that missed it before the spike.
        during: The same during it.
        after_s: How long after the beginning of the spike it broke; `None` where it held.
        back_s: How long after the end of the spike it was met again; `None` where that was not
            seen.
    """

    subject: str
    before: float
    during: float
    after_s: float | None
    back_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """A spike and what came of it.

    Attributes:
        load: Callers before and after.
        peak: Callers during it.
        seconds: How long it lasted.
        watched_s: How long was looked at after it.
        broken: The objectives, those that broke first in front.
        why: Why nothing can be told, else empty.
    """

    load: int
    peak: int
    seconds: float
    watched_s: float
    broken: tuple[Broken, ...] = ()
    why: str = ""

    @property
    def back_s(self) -> float | None:
        """When all that broke was back, after the end of the spike; `None` where it was not."""
        times = [one.back_s for one in self.broken if one.after_s is not None]
        if any(time is None for time in times):
            return None
        return max((time for time in times if time is not None), default=0.0)


def spike_of(
    series: Sequence[SpikeSeries],
    *,
    load: int,
    peak: int,
    begin_s: float,
    end_s: float,
    last_s: float,
) -> Spike:
    """Say what a spike did.

    Args:
        series: Of each objective, over the turns of the callers held throughout.
        load: Callers before and after.
        peak: Callers during it.
        begin_s: When the spike began.
        end_s: When it ended.
        last_s: Until when callers were held.
    """
    found = [_broken(one, begin_s, end_s, last_s) for one in series]
    found.sort(key=lambda one: math.inf if one.after_s is None else one.after_s)
    return Spike(
        load=load,
        peak=peak,
        seconds=end_s - begin_s,
        watched_s=last_s - end_s,
        broken=tuple(found),
    )


def _broken(one: SpikeSeries, begin_s: float, end_s: float, last_s: float) -> Broken:
    starts = np.arange(begin_s, last_s, SPAN_S)
    bad = [_is_missed(one, start, start + SPAN_S) for start in starts]
    first = next((start for start, is_bad in zip(starts, bad, strict=True) if is_bad), None)
    last = next(
        (start for start, is_bad in zip(starts[::-1], bad[::-1], strict=True) if is_bad), None
    )
    back = None
    if first is not None and last is not None and last + SPAN_S < last_s:
        back = max(0.0, float(last + SPAN_S - end_s))
    return Broken(
        subject=one.subject,
        before=_share(one, -math.inf, begin_s),
        during=_share(one, begin_s, end_s),
        after_s=None if first is None else float(first - begin_s),
        back_s=back,
    )


def _is_missed(one: SpikeSeries, begin_s: float, end_s: float) -> bool:
    """Return whether an objective is missed in a span, by more than chance leaves open."""
    inside = (one.at_s >= begin_s) & (one.at_s < end_s)
    count = int(inside.sum())
    if not count:
        return False
    low, _ = share_bounds(float(one.missed[inside].mean()), count, _CONFIDENCE)
    return low > one.allowed


def _share(one: SpikeSeries, begin_s: float, end_s: float) -> float:
    inside = (one.at_s >= begin_s) & (one.at_s < end_s)
    return float(one.missed[inside].mean()) if inside.any() else 0.0
