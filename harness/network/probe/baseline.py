"""The baseline: the delay that proxy, machine and probe add to every frame, and its subtraction.

Half a millisecond that every frame takes beyond the base latency is not a stall, but it is large
next to a mean extra delay of 1 ms. It is therefore measured on the frames for which no stall is
planned and subtracted from all frames; the remainder is due to stalls. Streams are measured
without jitter, so jitter needs no correction.
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
    """The delay added by proxy, machine and probe in one direction.

    Attributes:
        median_ms: Median delay of the unimpaired frames beyond the base latency. Where the base
            latency changes, the stage with the largest absolute value. `None` when not measured.
        why: Why it was not measured or is not plausible; empty otherwise.
    """

    median_ms: float | None
    why: str = ""

    @property
    def plausible(self) -> bool:
        """Whether it can be a baseline, or was not measured and so cannot be ruled out."""
        return self.median_ms is None or not self.why


def unimpaired(flow: FrameFlow, cadence_ms: float) -> npt.NDArray[np.bool_]:
    """Return which frames no stall can affect, shape (frames,).

    Neither these frames nor the two before and the two after have a planned extra delay: a change
    of a toxic counts as late only from half a frame on, and affects no frames further away. A
    change of the base latency also affects the frames that are in flight at that moment.
    """
    if not len(flow.base_ms):
        return np.zeros(0, dtype=np.bool_)
    held = flow.planned_ms > 0
    alone = ~_widened(held, _CLOSE)
    changes = np.diff(flow.base_ms, prepend=flow.base_ms[0]) != 0
    in_flight = int(flow.base_ms.max() // cadence_ms) + 1
    return alone & ~_widened(changes, in_flight + _CLOSE)


def subtract(flows: Sequence[FrameFlow], cadence_ms: float) -> tuple[Baseline, list[Floats]]:
    """Return the baseline of one direction, and the extra delays of its streams less the baseline.

    The baseline is the median of the unimpaired frames, which is robust against short busy
    periods, and is computed separately for each base latency. An implausible baseline is not
    subtracted and stays visible as extra delay. It is implausible if frames arrive more than
    0.5 ms earlier than the base latency allows, or later by more than 2 ms or a tenth of the base
    latency, whichever is larger: proxy and machine were observed to add at most 1 ms per direction
    with both cores busy, and a base latency that was not applied looks the same.

    Args:
        flows: The streams, at least one frame between them.
        cadence_ms: Time between frames.
    """
    extra_ms = np.concatenate([flow.extra_ms for flow in flows])
    base_ms = np.concatenate([flow.base_ms for flow in flows])
    alone = np.concatenate([unimpaired(flow, cadence_ms) for flow in flows])
    largest_ms, why = None, ""
    baseline_ms = np.zeros(len(extra_ms))
    for latency_ms in np.unique(base_ms):
        these = base_ms == latency_ms
        if (these & alone).sum() < _FEWEST:
            continue
        median_ms = float(np.median(extra_ms[these & alone]))
        if largest_ms is None or abs(median_ms) > abs(largest_ms):
            largest_ms = median_ms
        if doubt := _implausible(median_ms, float(latency_ms)):
            why = why or doubt
        else:
            baseline_ms[these] = max(0.0, median_ms)
    if largest_ms is None:
        why = f"baseline not known, fewer than {_FEWEST} frames were unimpaired"
    ends = np.cumsum([len(flow.extra_ms) for flow in flows])[:-1]
    return Baseline(largest_ms, why), np.split(extra_ms - baseline_ms, ends)


def _implausible(median_ms: float, latency_ms: float) -> str:
    most_ms = max(_LEAST_MS, _SHARE * latency_ms)
    if median_ms < -_EARLY_MS:
        return f"unimpaired frames took {-median_ms:.1f} ms less than the base delay"
    if median_ms > most_ms:
        return (
            f"unimpaired frames took {median_ms:.1f} ms more than the base delay, and the proxy"
            f" adds {most_ms:.1f} ms at most"
        )
    return ""


def _widened(marks: npt.NDArray[np.bool_], reach: int) -> npt.NDArray[np.bool_]:
    """Return the marks extended by `reach` frames on either side."""
    wide = marks.copy()
    for step in range(1, min(reach, len(marks) - 1) + 1):
        wide[step:] |= marks[:-step]
        wide[:-step] |= marks[step:]
    return wide
