"""What a spike breaks, in which order, and how long it takes until all is back.

Callers are held at the limit before, during and after the spike, and theirs are the turns that are
looked at, in spans of time: the callers of the spike only make the load. An objective is broken in
the first span during or after the spike in which it is missed by more than chance leaves open, and
back with the first span after the last of these that tells otherwise. A span with so few turns that
they could all have missed it by chance tells nothing, and so neither breaks nor clears anything.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.intervals import share_bounds

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# How exactly times are known: each is that of the end of its span.
_SPAN_S = 5.0
_CONFIDENCE = 0.95
# A single turn that is late has a lower bound of just 5 %, which 5 % allowed leave open.
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SpikeSeries:
    """How one objective was missed over the time of a spike.

    Attributes:
        subject: The objective, in words.
        allowed: Share of turns that may miss it.
        at_s: Shape (n,): when each turn was spoken, session opened or check made.
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
        before: Share of turns that missed it before the spike; `None` where there were none.
        during: The same during it.
        judged: Whether any span during the spike had turns enough to tell.
        broke_within_s: How long after the beginning of the spike it broke, at most; `None` where
            that was not seen: it held, where it was judged.
        back_within_s: How long after the end of the spike it was seen to be met again, at most;
            `None` where it was not.
    """

    subject: str
    before: float | None
    during: float | None
    judged: bool
    broke_within_s: float | None
    back_within_s: float | None


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
    def back_within_s(self) -> float | None:
        """When all that broke was back, after the spike's end; `None` where that is not known."""
        if self.why or not all(one.judged for one in self.broken):
            return None
        times = [one.back_within_s for one in self.broken if one.broke_within_s is not None]
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
    found.sort(key=lambda one: math.inf if one.broke_within_s is None else one.broke_within_s)
    return Spike(
        load=load,
        peak=peak,
        seconds=end_s - begin_s,
        watched_s=last_s - end_s,
        broken=tuple(found),
    )


def _broken(one: SpikeSeries, begin_s: float, end_s: float, last_s: float) -> Broken:
    starts = [float(start) for start in np.arange(begin_s, last_s, _SPAN_S)]
    told = [(start, _is_missed(one, start, min(start + _SPAN_S, last_s))) for start in starts]
    missed = [start for start, is_missed in told if is_missed]
    back = None
    if missed:
        met = (start for start, is_missed in told if is_missed is False and start > missed[-1])
        again = next(met, None)
        back = None if again is None else max(0.0, again + _SPAN_S - end_s)
    return Broken(
        subject=one.subject,
        before=_share(one, -math.inf, begin_s),
        during=_share(one, begin_s, end_s),
        judged=any(is_missed is not None for start, is_missed in told if start < end_s),
        broke_within_s=missed[0] + _SPAN_S - begin_s if missed else None,
        back_within_s=back,
    )


def _is_missed(one: SpikeSeries, begin_s: float, end_s: float) -> bool | None:
    """Return whether an objective is missed in a span, by more than chance leaves open.

    `None` where even all of its turns could miss it by chance.
    """
    inside = (one.at_s >= begin_s) & (one.at_s < end_s)
    count = int(inside.sum())
    if not count or not _is_shown(1.0, count, one.allowed):
        return None
    return _is_shown(float(one.missed[inside].mean()), count, one.allowed)


def _is_shown(share: float, count: int, allowed: float) -> bool:
    low, _ = share_bounds(share, count, _CONFIDENCE)
    return low > allowed + _ROUNDING


def _share(one: SpikeSeries, begin_s: float, end_s: float) -> float | None:
    inside = (one.at_s >= begin_s) & (one.at_s < end_s)
    return float(one.missed[inside].mean()) if inside.any() else None
