"""Measure whether stalls happen as planned, by streams like those of sessions.

What is found is held against the plan for the very same frames, and chance has no part in the
verdict; what proxy and machine add to every frame is taken off first, and stands by itself.
"""

from dataclasses import dataclass, replace

from harness.model import NetworkProfile, RealisedNetwork, StallFigures
from harness.network.probe.baseline import Baseline, take_off
from harness.network.probe.frame_flow import FrameFlow, FrameFlows
from harness.network.tcp.traces import Stream, TracePool, TraceStart, figures

STREAMS = 16
"""Streams that look for stalls, unless told otherwise."""

SECONDS = 6.0
"""For how long they do."""

_BEFORE_STAGE_MS = 1000.0
_SHARE, _LEAST_MS, _LEAST_LATE = 0.25, 1.0, 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class WayFinding:
    """What was found in one direction, beside what was planned for the same frames.

    Attributes:
        found: Without the own delay.
        planned: What was planned.
        own: The own delay of proxy, machine and probe.
    """

    found: StallFigures
    planned: StallFigures
    own: Baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class StallFinding:
    """What was found in each direction; `broken` says why nothing was, and is empty otherwise."""

    up: WayFinding | None = None
    down: WayFinding | None = None
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
    """Return the finding of streams."""
    if flows.broken:
        return StallFinding(broken=flows.broken)
    up, down = flows.way(upwards=True), flows.way(upwards=False)
    if any(not sum(len(flow.extra_ms) for flow in way) for way in (up, down)):
        return StallFinding(broken="no frame came through")
    return StallFinding(up=_way(up, stream), down=_way(down, stream))


def _way(flows: tuple[FrameFlow, ...], stream: Stream) -> WayFinding:
    own, extra_ms = take_off(flows, stream.cadence_ms)
    return WayFinding(
        found=figures(extra_ms, stream),
        planned=figures([flow.planned_ms for flow in flows], stream),
        own=own,
    )


def judge_stalls(
    found: RealisedNetwork, measured: StallFinding, *, failed: int = 0
) -> RealisedNetwork:
    """Add what was measured of stalls to a finding.

    Args:
        found: What is known of delay, jitter and bandwidth.
        measured: What was found of stalls.
        failed: Changes that Toxiproxy did not carry out meanwhile.

    Returns:
        The finding, verified only if it was, the stalls are as planned (share of late frames and
        mean extra delay within a quarter, or 0.5 % and 1 ms where there is little to stall), and
        frames that nothing holds up take no longer than they should.
    """
    if measured.broken:
        why = f"{found.why}; the stall probe broke off: {measured.broken}"
        return replace(found, verified=False, why=why)
    assert measured.up is not None
    assert measured.down is not None
    good, words = failed == 0, [found.why]
    if failed:
        words.append(f"{failed} changes were not carried out")
    for name, way in (("up", measured.up), ("down", measured.down)):
        way_good, way_words = _judge_way(way)
        good &= way_good
        words.append(f"{name} {way_words}")
    return replace(
        found,
        verified=found.verified and good,
        why="; ".join(words),
        up_stalls=measured.up.found,
        down_stalls=measured.down.found,
        up_planned=measured.up.planned,
        down_planned=measured.down.planned,
        up_undisturbed_ms=measured.up.own.median_ms,
        down_undisturbed_ms=measured.down.own.median_ms,
    )


def _judge_way(way: WayFinding) -> tuple[bool, str]:
    got, planned, own = way.found, way.planned, way.own
    as_planned = _near(got.mean_ms, planned.mean_ms, _LEAST_MS)
    as_planned &= _near(got.late_share, planned.late_share, _LEAST_LATE)
    off = "" if as_planned else ", which is more than a quarter off"
    apart = own.why or f"{own.median_ms:.1f} ms of the proxy's own taken off"
    words = (
        f"{got.per_minute:.0f} stalls a minute, {got.mean_ms:.1f} ms extra on average for"
        f" {planned.mean_ms:.1f}, {got.late_share:.2%} more than 50 ms late for"
        f" {planned.late_share:.2%}{off} ({apart})"
    )
    return as_planned and own.believed, words


def _near(got: float, planned: float, least: float) -> bool:
    return abs(got - planned) <= max(_SHARE * planned, least)
