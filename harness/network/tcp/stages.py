"""What a profile is at each moment of a call, and the parts of it that are measured one by one."""

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.model import Direction, NetworkProfile, Stage


def base_latency_ms(stage: Stage, *, upwards: bool) -> int:
    """Return the base toxic's latency during a stage, in whole milliseconds."""
    return round((stage.up if upwards else stage.down).delay_ms)


def base_latencies_ms(
    profile: NetworkProfile, planned_ms: npt.NDArray[np.floating[Any]], *, upwards: bool
) -> npt.NDArray[np.float64]:
    """Return the base latency of messages, shape (messages,).

    Args:
        profile: The profile.
        planned_ms: When they are sent since the call's first frame, shape (messages,), ascending.
        upwards: Whether they go from caller to API.
    """
    stages = profile.timeline
    latencies_ms = np.array(
        [base_latency_ms(stage, upwards=upwards) for stage in stages], dtype=np.float64
    )
    begins_ms = np.array([stage.from_s * 1000 for stage in stages])
    now = np.searchsorted(begins_ms, planned_ms, "right") - 1
    found: npt.NDArray[np.float64] = latencies_ms[now]
    return found


def stage_at(profile: NetworkProfile, at_s: float) -> Stage:
    """Return the stage that holds at a moment of the call."""
    begins_s = [stage.from_s for stage in profile.timeline]
    return profile.timeline[max(0, bisect.bisect_right(begins_s, at_s) - 1)]


def plain(profile: NetworkProfile) -> Iterator[tuple[float, NetworkProfile]]:
    """Yield what differs in delay, jitter or bandwidth as profiles that stay as they are.

    Each comes with the moment from which it holds, the beginning first.
    """
    known: list[tuple[Sequence[object], Sequence[object]]] = []
    for stage in profile.timeline:
        kind = (_steady(stage.up), _steady(stage.down))
        if kind not in known:
            known.append(kind)
            yield stage.from_s, replace(profile, up=stage.up, down=stage.down, stages=(), faults=())


def bare(profile: NetworkProfile) -> NetworkProfile:
    """Return the profile without jitter, limits of bandwidth and faults, in every stage."""

    def without(direction: Direction) -> Direction:
        return replace(direction, jitter_ms=0.0, rate_kbit_s=None)

    stages = tuple(
        replace(stage, up=without(stage.up), down=without(stage.down)) for stage in profile.stages
    )
    return replace(
        profile, up=without(profile.up), down=without(profile.down), stages=stages, faults=()
    )


def _steady(direction: Direction) -> tuple[object, ...]:
    return direction.delay_ms, direction.jitter_ms, direction.rate_kbit_s
