"""May this run be judged at all? Decided before any number is looked at.

Lateness of our own frames and of our event loop goes straight into what looks like the API's
latency, and frames that were not sent are a different scenario. Reasons are sentences a person
can act on; the worst of them decides.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.analysis import networks
from harness.analysis.completeness import Completeness, completeness
from harness.analysis.error_bound import ErrorBounds, error_bounds
from harness.analysis.failures import is_ours
from harness.analysis.priced_models import model_difference
from harness.errors import SCENARIO_ERROR
from harness.model import (
    NS_PER_MS,
    ArrivalStamps,
    DurationSummary,
    MergedRun,
    NetworkProfile,
    RealisedNetwork,
    Run,
    RunEvent,
    RunEventKind,
    TurnStatus,
    ValidityState,
)


@dataclass(frozen=True, slots=True)
class Bound:
    """Where a quantity of ours begins to spoil the run: above `degraded`, above `invalid`."""

    degraded: float
    invalid: float


# A quarter of a frame of 20 ms cannot be distinguished from jitter of a good network; a whole frame
# means that the pacing is not that of a microphone any more.
LATENESS_P99_MS = Bound(degraded=5.0, invalid=20.0)
# One frame in a thousand may be later: a frame late is noise, more than two are an outage.
LATENESS_P999_MS = Bound(degraded=20.0, invalid=50.0)
# What the loop is late, every stamp of a received message is late, unless the kernel stamps it.
LOOP_LAG_P99_MS = Bound(degraded=5.0, invalid=20.0)
# A stall this long by itself moves a turn's latency by more than any difference worth finding.
# Where each turn tells the bound of its error, those that the stall moved are void, and the rest
# of the run is as good as it was: then it only degrades.
STALL_MS = 50.0
# By how much the latency of a turn may be wrong through us. One turn in a hundred beyond a quarter
# of a frame of 20 ms shows in P99; a turn beyond half a frame is void.
ERROR_BOUND_P99_MS = Bound(degraded=5.0, invalid=math.inf)
# Of the turns that count, this share may be stamped by our own loop though the kernel stamps: some
# stamps are refused after a stall or when wall time was set. More is a machine without them.
BY_LOOP_SHARE = 0.05
# Shares of planned frames or turns that we did not deliver.
FRAMES_MISSING = Bound(degraded=0.001, invalid=0.01)
TURNS_VOID = Bound(degraded=0.01, invalid=0.05)
TURNS_DROPPED = Bound(degraded=0.0, invalid=0.05)
# Shares of the schedule that nothing is known of. A run that was interrupted or killed has said so
# already, and what it has is as good as it was: then they only degrade.
CALLS_MISSING = Bound(degraded=0.0, invalid=0.05)
TURNS_MISSING = Bound(degraded=0.0, invalid=0.05)
# Turns in which a stall began or ended more than half a frame late between the end of speech and
# the response. It moves a message by some ten milliseconds and not always to the same side; but at
# one turn in twenty all that lies beyond P95 may be made of them, and at one in five the network
# that callers had is another one than the report describes.
NETWORK_LATE = Bound(degraded=0.05, invalid=0.20)
# Changes that Toxiproxy refused or did not answer within a second. Each is tried again; when more
# than one in a hundred fails, stalls are missing or go on too long all over the run.
CHANGES_FAILED = Bound(degraded=0.0, invalid=0.01)
# What the proxy itself adds to a round trip at the load of the run. Profiles are verified to
# 3 ms before the run: beyond that they would not have been.
PROXY_ADDED_MS = Bound(degraded=1.5, invalid=3.0)

# Errors of a scenario's own code that are told apart; a page of them would say no more.
_SCENARIO_ERRORS_TOLD = 3


@dataclass(frozen=True, slots=True)
class Validity:
    """The state of a run and every reason for it; no reason means VALID."""

    state: ValidityState
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Finding:
    state: ValidityState
    reason: str


def assess_validity(run: Run, *, goes_on: bool = False) -> Validity:
    """Judge a run's fitness; invalidating reasons come first.

    A run that was merged from several is the worst of them, as each was judged by itself: in the
    whole, what spoiled a short one would not show.

    Args:
        run: The records.
        goes_on: The run has not ended yet, which speaks against nothing.
    """
    merged = [event.merged for event in run.events if event.merged is not None]
    findings = list(_of_merged(merged) if merged else _of_records(run, goes_on=goes_on))
    invalid = [f.reason for f in findings if f.state is ValidityState.INVALID]
    degraded = [f.reason for f in findings if f.state is ValidityState.DEGRADED]
    if invalid:
        state = ValidityState.INVALID
    else:
        state = ValidityState.DEGRADED if degraded else ValidityState.VALID
    return Validity(state, tuple(invalid + degraded))


def _of_merged(runs: Iterable[MergedRun]) -> Iterator[_Finding]:
    for run in runs:
        if run.state is not ValidityState.VALID:
            why = "; ".join(run.reasons)
            named = f"{run.run_id} of {run.started_at}"
            yield _Finding(run.state, f"{named} is {run.state}: {why}")


def _of_records(run: Run, *, goes_on: bool) -> Iterator[_Finding]:
    bounds, done = error_bounds(run.turns), completeness(run)
    yield from _of_lateness(run, bounds)
    yield from _of_error_bounds(bounds)
    yield from _of_stamps(run, bounds)
    yield from _of_counts(run, done)
    yield from _of_settings(run)
    yield from _of_scenario(run)
    yield from _of_plan(run, done)
    yield from _of_networks(run.manifest.networks, run.events)
    yield from _of_impairment(run)
    yield from _of_events(run.events, goes_on=goes_on)


def _of_lateness(run: Run, bounds: ErrorBounds) -> Iterator[_Finding]:
    named = ((run.send_lateness, "frame lateness"), (run.loop_lag, "event loop lag"))
    for durations, name in named:
        if durations is None:
            yield _degraded(f"{name} was not recorded, so our own fitness is not known")
    if run.send_lateness is not None:
        late = run.send_lateness
        yield from _above(late.p99_ms, LATENESS_P99_MS, "P99 of frame lateness is {:.1f} ms")
        yield from _above(late.p999_ms, LATENESS_P999_MS, "P99.9 of frame lateness is {:.1f} ms")
    stamped_by_us = run.manifest.arrival_stamps is ArrivalStamps.EVENT_LOOP
    if run.loop_lag is not None and stamped_by_us:
        yield from _above(run.loop_lag.p99_ms, LOOP_LAG_P99_MS, "P99 of loop lag is {:.1f} ms")
    stalls = [("a frame was sent", _worst_frame_ms(run))]
    if stamped_by_us:
        stalls.append(("the event loop was", _max_ms(run.loop_lag)))
    all_bounded = bounds.n > 0 and not bounds.unknown
    for name, worst_ms in stalls:
        if worst_ms >= STALL_MS:
            words = f"{name} {worst_ms:.0f} ms late: the generator stalled"
            limit = f"(limit {STALL_MS:.0f} ms)"
            if all_bounded:
                yield _degraded(f"{words}; turns that it moved are void {limit}")
            else:
                yield _invalid(f"{words} {limit}")


def _of_error_bounds(found: ErrorBounds) -> Iterator[_Finding]:
    """Judge by how much turns that count may be wrong through us."""
    if found.unknown:
        share = found.unknown / (found.unknown + found.n)
        yield _degraded(
            f"{share:.1%} of the turns do not tell by how much their latency may be off"
        )
    if found.p99_ms is not None:
        words = "P99 of what a turn's latency may be wrong by is {:.1f} ms"
        yield from _above(found.p99_ms, ERROR_BOUND_P99_MS, words)


def _of_stamps(run: Run, found: ErrorBounds) -> Iterator[_Finding]:
    """Find a run in which the kernel did not stamp what the manifest says it stamps.

    The manifest is of one machine, the turns are of all of them.
    """
    by_kernel = run.manifest.arrival_stamps is ArrivalStamps.KERNEL
    if by_kernel and found.by_loop > BY_LOOP_SHARE * found.n:
        yield _degraded(
            f"our own loop stamped the responses of {found.by_loop} of {found.n} turns, instead of"
            f" the kernel (limit {BY_LOOP_SHARE:.0%})"
        )


def _of_settings(run: Run) -> Iterator[_Finding]:
    """Find settings that did not take hold: what was measured is then another session."""
    for words in sorted({s.settings_refused for s in run.sessions if s.settings_refused}):
        count = sum(session.settings_refused == words for session in run.sessions)
        yield _degraded(f"the server refused the settings of {count} sessions: {words}")
    silent = sum(s.settings_acknowledged is False and not s.settings_refused for s in run.sessions)
    if silent:
        yield _degraded(
            f"the server acknowledged no settings in {silent} sessions: whether it took silence_ms"
            " and the audio format is not known"
        )
    if unread := [s.unreadable_messages for s in run.sessions if s.unreadable_messages]:
        yield _degraded(
            f"{sum(unread)} messages of the server could not be read, in {len(unread)} sessions"
        )
    for words in sorted({words for session in run.sessions for words in session.differs}):
        count = sum(words in session.differs for session in run.sessions)
        yield _degraded(f"{words} (acknowledged so in {count} sessions)")
    if words := model_difference(run, chosen=True):
        yield _degraded(words)


def _of_scenario(run: Run) -> Iterator[_Finding]:
    """Find calls that a scenario's own code broke off: fewer turns than it was to have."""
    ended = [s.fault for s in run.sessions if s.fault and s.fault.code == SCENARIO_ERROR]
    for detail in sorted({fault.detail for fault in ended})[:_SCENARIO_ERRORS_TOLD]:
        count = sum(fault.detail == detail for fault in ended)
        yield _degraded(f"{count} of {len(run.sessions)} calls ended early: {detail}")


def _worst_frame_ms(run: Run) -> float:
    """Return the latest frame of all, also when a killed run left no histogram."""
    recorded = [turn.send_lateness_max_ns for turn in run.turns]
    recorded += [session.send_lateness_max_ns for session in run.sessions]
    worst_ns = max((ns for ns in recorded if ns is not None), default=0)
    return max(_max_ms(run.send_lateness), worst_ns / NS_PER_MS)


def _max_ms(durations: DurationSummary | None) -> float:
    return 0.0 if durations is None else durations.max_ms


def _of_counts(run: Run, done: Completeness) -> Iterator[_Finding]:
    if not any(turn.status is not TurnStatus.VOID and not is_ours(turn) for turn in run.turns):
        yield _invalid("no turn was measured")
        return
    if done.frames_intended:
        missing = (done.frames_intended - done.frames_sent) / done.frames_intended
        yield from _above(missing, FRAMES_MISSING, "{:.2%} of the intended frames were not sent")
    void = sum(turn.status is TurnStatus.VOID for turn in run.turns) / len(run.turns)
    yield from _above(void, TURNS_VOID, "{:.1%} of the turns were spoiled by ourselves")
    codes = done.dropped
    # A run that said it was ended from outside has said why these never started.
    excused = not _came_to_its_end(run) and set(codes) == {"stopped"}
    bound = Bound(TURNS_DROPPED.degraded, math.inf) if excused else TURNS_DROPPED
    named = ", ".join(f"{code} ({count})" for code, count in codes.items())
    words = f"{{:.1%}} of the turns never started through us: {_literal(named)}"
    yield from _above(sum(codes.values()) / len(run.turns), bound, words)


def _of_plan(run: Run, found: Completeness) -> Iterator[_Finding]:
    """Compare what was planned with what was done."""
    whole = _came_to_its_end(run)
    for missing, planned, bound, words in (
        (
            found.calls_missing,
            found.calls_planned or 0,
            CALLS_MISSING,
            f"{found.calls_missing} of the {found.calls_planned} calls planned were not held",
        ),
        (
            found.turns_missing,
            found.turns_planned,
            TURNS_MISSING,
            f"{found.turns_missing} of the {found.turns_planned} turns planned have no record",
        ),
    ):
        share = missing / planned if planned else 0.0
        yield from _above(share, bound if whole else Bound(bound.degraded, math.inf), words)
    if found.turns_cut:
        yield _degraded(
            f"{found.turns_cut} of the {found.turns_planned} turns planned were never begun:"
            " their calls ended early"
        )


def _came_to_its_end(run: Run) -> bool:
    """Return whether the run ended by itself, and not from outside or for want of something."""
    kinds = {event.kind for event in run.events}
    ended = {RunEventKind.INTERRUPTED, RunEventKind.ABORTED}
    return RunEventKind.FINISHED in kinds and not kinds & ended


def _of_networks(asked: Iterable[NetworkProfile], events: Iterable[RunEvent]) -> Iterator[_Finding]:
    found: dict[str, RealisedNetwork] = {}
    for event in events:
        if event.network is not None:
            found[event.network.profile] = event.network
    for profile in asked:
        realised = found.get(profile.name)
        if realised is None:
            if impairs(profile):
                yield _invalid(f"network {profile.name} was never measured")
        elif not realised.verified:
            yield _invalid(f"network {profile.name} is not what it says: {realised.why}")


def _of_impairment(run: Run) -> Iterator[_Finding]:
    """Judge whether networks were during the run what they had been before it."""
    late = networks.late_share(run.turns)
    if late is not None:
        words = "{:.1%} of the turns had a network that changed more than half a frame late"
        yield from _above(late, NETWORK_LATE, words)
    account = networks.changes(run.events)
    if account is not None and account.planned:
        words = "{:.2%} of the changes to networks failed"
        yield from _above(account.failed / account.planned, CHANGES_FAILED, words)
    if reason := networks.missing_changes(run):
        yield _invalid(reason)
    overhead = networks.proxy_overhead(run.events)
    if overhead is not None:
        words = "Toxiproxy itself added {:.1f} ms to a round trip: too many calls for this machine"
        yield from _above(overhead.added_ms, PROXY_ADDED_MS, words)
    for profile in run.manifest.networks:
        if reason := networks.too_quick(profile, networks.pings(run.sessions, profile.name)):
            yield _invalid(reason)


def impairs(profile: NetworkProfile) -> bool:
    """Return whether a profile asks the network to do anything to a session."""
    limited = (profile.up.rate_kbit_s, profile.down.rate_kbit_s) != (None, None)
    stalls = profile.up.stalls or profile.down.stalls
    return limited or stalls or profile.rtt_ms > 0


def _of_events(events: Iterable[RunEvent], *, goes_on: bool) -> Iterator[_Finding]:
    finished = goes_on
    for event in events:
        detail = f": {event.detail}" if event.detail else ""
        match event.kind:
            case RunEventKind.WORKER_LOST:
                yield _invalid(f"a load worker was lost and its turns with it{detail}")
            case RunEventKind.CALLERS_MISSING:
                yield _degraded(f"the load never was what was asked for{detail}")
            case RunEventKind.TOXIPROXY_LOST:
                yield _invalid(f"Toxiproxy was lost{detail}")
            case RunEventKind.CLOCK_STEP:
                yield _degraded(f"the clock made a step{detail}")
            case RunEventKind.INTERRUPTED:
                yield _degraded(f"the run was interrupted{detail}")
            case RunEventKind.ABORTED:
                yield _invalid(f"the run could not go on{detail}")
            case RunEventKind.FINISHED:
                finished = True
            case RunEventKind.NETWORK | RunEventKind.RECORDINGS | RunEventKind.MERGED:
                pass
    if not finished:
        yield _degraded("the run did not come to its end: it was killed, or is still going on")


def _above(value: float, bound: Bound, words: str) -> Iterator[_Finding]:
    if value > bound.invalid:
        yield _invalid(words.format(value))
    elif value > bound.degraded:
        yield _degraded(words.format(value))


def _literal(words: str) -> str:
    """Return foreign words so that `str.format` leaves them as they are."""
    return words.replace("{", "{{").replace("}", "}}")


def _invalid(reason: str) -> _Finding:
    return _Finding(ValidityState.INVALID, reason)


def _degraded(reason: str) -> _Finding:
    return _Finding(ValidityState.DEGRADED, reason)
