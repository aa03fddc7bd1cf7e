"""Measure whether stalls happen as planned, by streams like those of sessions.

The measured delays are compared with the plan for the same frames, so the verdict does not depend
on chance. The baseline that proxy and machine add to every frame is subtracted first and reported
separately.
"""

from dataclasses import dataclass, replace

from harness.model import NetworkProfile, RealisedNetwork, StallFigures
from harness.network.probe.baseline import Baseline, subtract
from harness.network.probe.frame_flow import FrameFlow, FrameFlows
from harness.network.tcp.traces import Stream, TracePool, TraceStart, figures

STREAMS = 16
"""Streams that probe for stalls by default."""

SECONDS = 6.0
"""How long they probe, in seconds."""

_BEFORE_STAGE_MS = 1000.0
_SHARE, _LEAST_MS, _LEAST_LATE = 0.25, 1.0, 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionFinding:
    """What was measured in one direction, and what was planned for the same frames.

    Attributes:
        found: What was measured, less the baseline.
        planned: What was planned.
        baseline: Delay added by proxy, machine and probe.
    """

    found: StallFigures
    planned: StallFigures
    baseline: Baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class StallFinding:
    """What was measured in each direction; `broken` says why nothing was, empty otherwise."""

    up: DirectionFinding | None = None
    down: DirectionFinding | None = None
    broken: str = ""


def draws(
    pool: TracePool, profile: NetworkProfile, count: int
) -> list[tuple[TraceStart, TraceStart]]:
    """Draw the schedules of that many streams: anywhere in them, or shortly before a change."""
    found = []
    for number in range(count):
        near_ms = None
        if profile.stages:
            stage = profile.stages[number % len(profile.stages)]
            near_ms = stage.from_s * 1000 - _BEFORE_STAGE_MS
        drawn = pool.draw(f"stalls-{profile.name}-{number}", near_ms)
        assert drawn is not None
        found.append(drawn)
    return found


def sum_up(flows: FrameFlows, stream: Stream) -> StallFinding:
    """Compare the delays of all streams with their plans, by direction."""
    if flows.broken:
        return StallFinding(broken=flows.broken)
    up, down = flows.direction(upwards=True), flows.direction(upwards=False)
    if any(not sum(len(flow.extra_ms) for flow in direction) for direction in (up, down)):
        return StallFinding(broken="no frame came through")
    return StallFinding(up=_direction_finding(up, stream), down=_direction_finding(down, stream))


def _direction_finding(flows: tuple[FrameFlow, ...], stream: Stream) -> DirectionFinding:
    baseline, extra_ms = subtract(flows, stream.cadence_ms)
    return DirectionFinding(
        found=figures(extra_ms, stream),
        planned=figures([flow.planned_ms for flow in flows], stream),
        baseline=baseline,
    )


def add_stalls(
    found: RealisedNetwork, measured: StallFinding, *, failed: int = 0
) -> RealisedNetwork:
    """Add what was measured of stalls to a finding.

    Args:
        found: What is known of delay, jitter and bandwidth.
        measured: What was measured of stalls.
        failed: Changes that Toxiproxy did not carry out during the measurement.

    Returns:
        The finding, verified only if it was, the stalls are as planned (share of late frames and
        mean extra delay within a quarter, or 0.5 % and 1 ms where there is little to stall), and
        the baseline is plausible.
    """
    if measured.broken:
        why = f"{found.why}; the stall probe broke off: {measured.broken}"
        return replace(found, verified=False, why=why)
    assert measured.up is not None
    assert measured.down is not None
    good, words = failed == 0, [found.why]
    if failed:
        words.append(f"{failed} changes were not carried out")
    for name, direction in (("up", measured.up), ("down", measured.down)):
        direction_good, direction_words = _compare_direction(direction)
        good &= direction_good
        words.append(f"{name} {direction_words}")
    return replace(
        found,
        verified=found.verified and good,
        why="; ".join(words),
        up_stalls=measured.up.found,
        down_stalls=measured.down.found,
        up_planned=measured.up.planned,
        down_planned=measured.down.planned,
        up_baseline_ms=measured.up.baseline.median_ms,
        down_baseline_ms=measured.down.baseline.median_ms,
    )


def _compare_direction(direction: DirectionFinding) -> tuple[bool, str]:
    got, planned, baseline = direction.found, direction.planned, direction.baseline
    as_planned = _near(got.mean_ms, planned.mean_ms, _LEAST_MS)
    as_planned &= _near(got.late_share, planned.late_share, _LEAST_LATE)
    off = "" if as_planned else ", which is more than a quarter off"
    apart = baseline.why or f"{baseline.median_ms:.1f} ms baseline subtracted"
    words = (
        f"{got.per_minute:.0f} stalls a minute, {got.mean_ms:.1f} ms extra on average for"
        f" {planned.mean_ms:.1f}, {got.late_share:.2%} more than 50 ms late for"
        f" {planned.late_share:.2%}{off} ({apart})"
    )
    return as_planned and baseline.plausible, words


def _near(got: float, planned: float, least: float) -> bool:
    return abs(got - planned) <= max(_SHARE * planned, least)
