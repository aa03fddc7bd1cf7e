"""What the networks of a run really did to it, from records kept while it ran."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.model import (
    NS_PER_MS,
    NetworkProfile,
    ProxyOverhead,
    Run,
    RunEvent,
    RunEventKind,
    SessionRecord,
    TurnRecord,
    UpdateStats,
)

_NS_PER_MIN = 60_000_000_000
_LEAST_MS, _LEAST_SHARE = 3.0, 0.1
_FEWEST_PINGS, _FEWEST_STALLS = 20, 30
# Three standard errors of a median; that of n draws is 1.25 sigma / sqrt(n) or less here.
_ERRORS = 3 * 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Pings:
    """Ping round trips of one network's sessions; `n` is never 0."""

    n: int
    p50_ms: float
    p99_ms: float


def pings(sessions: Iterable[SessionRecord], network: str) -> Pings | None:
    """Return the round trips of a network's sessions, `None` when there were none."""
    taken_ms = [
        ns / NS_PER_MS
        for session in sessions
        if session.network == network
        for ns in session.round_trips_ns
    ]
    if not taken_ms:
        return None
    p50, p99 = (float(value) for value in np.percentile(taken_ms, (50, 99)))
    return Pings(n=len(taken_ms), p50_ms=p50, p99_ms=p99)


def too_quick(profile: NetworkProfile, found: Pings | None) -> str:
    """Say when pings were quicker than the network lets them be, empty when they were not.

    What a ping takes beyond the network's own round trip is the API's distance, bandwidth and
    stalls, so there is no telling when one is too slow; one that is too quick went past the
    network. The allowance is that of the probe, 3 ms or a tenth, and three standard errors of the
    median. Few pings are not conclusive.

    Args:
        profile: The network.
        found: Its pings.
    """
    if found is None or found.n < _FEWEST_PINGS:
        return ""
    least_ms = min(stage.up.delay_ms + stage.down.delay_ms for stage in profile.timeline)
    jitter_ms = max(max(s.up.jitter_ms, s.down.jitter_ms) for s in profile.timeline)
    # Two uniform draws, each with variance jitter ** 2 / 3.
    error_ms = _ERRORS * jitter_ms * (2 / 3) ** 0.5 / found.n**0.5
    allowed_ms = max(_LEAST_MS, _LEAST_SHARE * least_ms) + error_ms
    if found.p50_ms >= least_ms - allowed_ms:
        return ""
    return (
        f"pings through network {profile.name} took {found.p50_ms:.1f} ms at the median, and its"
        f" round trip is {least_ms:g} ms: calls went past it"
    )


def missing_changes(run: Run) -> str:
    """Say when far fewer changes were made than stalls were planned, empty when they were not.

    A stall takes two changes or more, so that half as many changes as stalls is plainly too few.
    How often a network stalls is known from the probe's plan; networks that change in the course
    of a call are probed around those changes only.

    Args:
        run: The records.
    """
    steady = {profile.name for profile in run.manifest.networks if not profile.stages}
    per_minute = {
        event.network.profile: sum(
            planned.per_minute
            for planned in (event.network.up_planned, event.network.down_planned)
            if planned is not None
        )
        for event in run.events
        if event.network is not None and event.network.profile in steady
    }
    stalls = sum(
        per_minute.get(session.network, 0.0) * (session.closed_ns - session.ready_ns) / _NS_PER_MIN
        for session in run.sessions
        if session.ready_ns is not None and session.closed_ns is not None
    )
    account = changes(run.events)
    finished = any(event.kind is RunEventKind.FINISHED for event in run.events)
    if account is None and not finished:
        return ""  # a run that was killed has no account
    made = 0 if account is None else account.done
    if stalls < _FEWEST_STALLS or made >= stalls / 2:
        return ""
    return f"some {stalls:.0f} stalls were planned while calls ran, and {made} changes were made"


def late_share(turns: Iterable[TurnRecord]) -> float | None:
    """Return the share of turns whose network changed late while it counted.

    `None` when no turn had a network that was to change.
    """
    late = [turn.network_late_ns > 0 for turn in turns if turn.network_late_ns is not None]
    return sum(late) / len(late) if late else None


def changes(events: Iterable[RunEvent]) -> UpdateStats | None:
    """Return the changes of all processes together, `None` when there were none.

    Counts are sums; lags are those of the process that was latest.
    """
    found = [event.account for event in events if event.account is not None]
    if not found:
        return None
    return UpdateStats(
        planned=sum(one.planned for one in found),
        done=sum(one.done for one in found),
        failed=sum(one.failed for one in found),
        lag_p50_ms=_worst([one.lag_p50_ms for one in found]),
        lag_p99_ms=_worst([one.lag_p99_ms for one in found]),
        lag_max_ms=_worst([one.lag_max_ms for one in found]),
    )


def proxy_overhead(events: Iterable[RunEvent]) -> ProxyOverhead | None:
    """Return what the proxy cost in the process where it cost most, `None` when not measured."""
    found = [event.proxy for event in events if event.proxy is not None]
    return max(found, key=lambda cost: cost.added_ms, default=None)


def _worst(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
