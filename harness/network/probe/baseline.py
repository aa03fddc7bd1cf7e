"""What proxy, machine and probe add to frames that nothing holds up, found and taken off.

Half a millisecond that every frame takes beyond the base latency is no stall, and much beside a
mean extra delay of one. So it is measured on the frames that the plan leaves alone, and what is
left is the stalls' doing. Streams are measured without jitter, so that there is none to leave out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.network.probe.frame_flow import Floats, FrameFlow

_CLOSE = 2
_FEWEST = 20
_LEAST_MS, _SHARE = 2.0, 0.1
_EARLY_MS = 0.5


@dataclass(frozen=True, slots=True)
class Baseline:
    """The own delay of one direction.

    Attributes:
        median_ms: That of the undisturbed frames beyond the base latency; where the base latency
            changes, that of the stage in which it is furthest from nothing. `None` when not known.
        why: Why it is not known, or not believed; empty otherwise.
    """

    median_ms: float | None
    why: str = ""

    @property
    def believed(self) -> bool:
        """Whether it is not known to be something else than an own delay."""
        return self.median_ms is None or not self.why


def undisturbed(flow: FrameFlow, cadence_ms: float) -> npt.NDArray[np.bool_]:
    """Tell which frames the plan leaves alone, shape (frames,).

    These have no extra delay planned, and nor have the two before and the two behind: changes of a
    toxic may come half a frame late before anybody is told, and reach no further. A change of the
    base latency reaches those besides that are under way meanwhile.
    """
    if not len(flow.base_ms):
        return np.zeros(0, dtype=np.bool_)
    held = flow.planned_ms > 0
    alone = ~_widened(held, _CLOSE)
    changes = np.diff(flow.base_ms, prepend=flow.base_ms[0]) != 0
    under_way = int(flow.base_ms.max() // cadence_ms) + 1
    return alone & ~_widened(changes, under_way + _CLOSE)


def take_off(flows: Sequence[FrameFlow], cadence_ms: float) -> tuple[Baseline, list[Floats]]:
    """Return the own delay of one direction, and the extra delays of its streams without it.

    It is the median, so that a busy moment has no say, and found for each base latency by itself.
    What is not believed is not taken off, so that it shows as the extra delay that it may be: a
    frame cannot be quicker than the base latency, and one that takes longer by more than 2 ms, or
    a tenth of it, is beyond what proxy and machine were ever seen to add to one direction (1 ms
    with both cores busy); a base latency that is not set would look just so.

    Args:
        flows: The streams, at least one frame between them.
        cadence_ms: Time between frames.
    """
    extra_ms = np.concatenate([flow.extra_ms for flow in flows])
    base_ms = np.concatenate([flow.base_ms for flow in flows])
    alone = np.concatenate([undisturbed(flow, cadence_ms) for flow in flows])
    worst_ms, why = None, ""
    taken_ms = np.zeros(len(extra_ms))
    for latency_ms in np.unique(base_ms):
        these = base_ms == latency_ms
        if (these & alone).sum() < _FEWEST:
            continue
        own_ms = float(np.median(extra_ms[these & alone]))
        if worst_ms is None or abs(own_ms) > abs(worst_ms):
            worst_ms = own_ms
        if unlikely := _unlikely(own_ms, float(latency_ms)):
            why = why or unlikely
        else:
            taken_ms[these] = max(0.0, own_ms)
    if worst_ms is None:
        why = f"own delay not known, fewer than {_FEWEST} frames were left undisturbed"
    ends = np.cumsum([len(flow.extra_ms) for flow in flows])[:-1]
    return Baseline(worst_ms, why), np.split(extra_ms - taken_ms, ends)


def _unlikely(own_ms: float, latency_ms: float) -> str:
    most_ms = max(_LEAST_MS, _SHARE * latency_ms)
    if own_ms < -_EARLY_MS:
        return f"undisturbed frames took {-own_ms:.1f} ms less than the base delay"
    if own_ms > most_ms:
        return (
            f"undisturbed frames took {own_ms:.1f} ms more than the base delay, and no more than"
            f" {most_ms:.1f} ms is the proxy's own"
        )
    return ""


def _widened(marks: npt.NDArray[np.bool_], reach: int) -> npt.NDArray[np.bool_]:
    """Mark what is within reach of a mark, too."""
    wide = marks.copy()
    for step in range(1, min(reach, len(marks) - 1) + 1):
        wide[step:] |= marks[:-step]
        wide[:-step] |= marks[step:]
    return wide
