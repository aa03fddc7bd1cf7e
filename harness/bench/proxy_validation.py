"""The kernel's cases played through Toxiproxy, and compared with what the kernel did.

Every stream gets schedules of its own, simulated for it and played once, so that streams are
independent of each other, and so are the two directions of one: each carries messages of its own
whose acknowledgements are not lost, as in the kernel's cases. Late messages come in clusters, one a
stall; intervals count streams, not messages.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from harness.bench.tcp_validation import Case
from harness.errors import RunInvalid
from harness.model import Direction, NetworkProfile, Progress, UpdateStats
from harness.network.layer import NetworkLayer
from harness.network.probe.baseline import Baseline, subtract, unimpaired
from harness.network.probe.frame_flow import Floats, FrameFlows, RunOnLoop
from harness.network.tcp.traces import LATE_MS, Stream, TraceStart, make_trace

STREAMS = 100
"""Connections at once: on two cores, probe and proxy carry 120 before frames take longer by it."""

SECONDS = 30.0
"""How long they stream in a round."""

ROUNDS = 6
"""How many rounds a case takes at most."""

TOLERANCE = 0.25
"""How far a figure may be from the kernel's."""

# What the kernel's figures leave out, the first two seconds of every connection.
_SKIPPED_MS = 2000.0
# A round begins where nothing is held, and that may have to be looked for.
_SPARE_S = 6.0
# A frame that left later than this was not sent when the schedule took it to be.
_LATENESS_MS = 5.0
# A round with a larger share of those, or of unimpaired frames that are late by half a frame, or
# whose changes are, is disturbed: 50 ms out of 30 s.
_ASTRAY, _LAG_MS = 0.0015, 10.0
# Of both cores, changes and frames of so many streams leave some free.
_CHANGES_HZ = 1000
_NARROW = 0.15
_FEWEST_EVENTS, _FEWEST_STREAMS = 20, 10
_RESAMPLES, _TAIL_PERCENT = 2000, 2.5


class CaseVerdict(StrEnum):
    """What can be said of a figure."""

    WITHIN = "within"
    OUTSIDE = "outside"
    UNDECIDED = "too few events to tell"
    BUSY = "the machine was too busy to tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure as the kernel had it, as it was planned and as it was found.

    Attributes:
        kernel: The kernel's.
        planned: The model's, for the very frames that were sent.
        found: What came of them.
        low: Lower end of the 95 % interval of `found`; `None` for too few streams.
        high: Upper end.
        enough: Whether there were events enough for the interval to mean something.
    """

    kernel: float
    planned: float
    found: float
    low: float | None
    high: float | None
    enough: bool = True

    @property
    def off(self) -> float:
        """Relative difference of what was found from the kernel's."""
        return self.found / self.kernel - 1

    @property
    def narrow(self) -> bool:
        """Whether more streams would add little."""
        if self.low is None or self.high is None or not self.enough:
            return False
        return (self.high - self.low) / 2 <= _NARROW * self.kernel

    @property
    def verdict(self) -> CaseVerdict:
        """Whether the whole interval is within tolerance of the kernel's figure, or outside."""
        if self.low is None or self.high is None or not self.enough:
            return CaseVerdict.UNDECIDED
        least, most = (1 - TOLERANCE) * self.kernel, (1 + TOLERANCE) * self.kernel
        if least <= self.low and self.high <= most:
            return CaseVerdict.WITHIN
        if self.high < least or self.low > most:
            return CaseVerdict.OUTSIDE
        return CaseVerdict.UNDECIDED


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Round:
    """What came of a case's frames while one set of streams ran.

    Attributes:
        streams: Extra delay of each stream's frames as found and as planned, in milliseconds,
            without those that left too late themselves.
        left_out: How many those were.
        stray: Share of the frames that the plan leaves alone that were late by more than half a
            frame all the same, from 0 to 1.
        own: The proxy's delay in each direction, subtracted from what was found.
        changes: How well the schedules were carried out.
    """

    streams: Sequence[tuple[Floats, Floats]]
    left_out: int
    stray: float
    own: Sequence[Baseline]
    changes: UpdateStats

    @property
    def disturbance(self) -> str:
        """Why this machine, or the proxy on it, did not keep to the schedules; empty when it did.

        A pause of a twentieth of a second is in every stream at once, and would pass for hundreds
        of stalls; the frames that should not have been late give it away.
        """
        frames = sum(len(found) for found, _ in self.streams) + self.left_out
        if self.changes.failed:
            return f"{self.changes.failed} changes failed"
        if (self.changes.lag_p99_ms or 0.0) > _LAG_MS:
            return f"changes P99 {self.changes.lag_p99_ms:.1f} ms late"
        if self.left_out > _ASTRAY * frames:
            return f"{self.left_out / frames:.2%} of frames were sent late"
        if self.stray > _ASTRAY:
            return f"{self.stray:.2%} of unimpaired frames were more than {_LAG_MS:g} ms late"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What came of one case.

    Attributes:
        case: The case.
        rounds: Rounds that are counted.
        disturbed: Those that are not, because schedules were not kept to.
        streams: Streams that are counted, two to a connection.
        messages: Messages that are counted.
        late_events: Runs of messages more than 50 ms late among them.
        left_out: Share of messages that left too late themselves to be counted, from 0 to 1.
        late_percent: Messages more than 50 ms late.
        mean_ms: Mean extra delay.
        baseline_ms: The proxy's overhead: what unimpaired messages took beyond the base
            latency, subtracted from the others; the largest in size of all rounds and
            directions. `None` where too few messages were unimpaired.
        lag_p99_ms: How late changes were carried out, in the worst round; `None` without changes.
        unlikely: Why the baseline is not plausible, empty otherwise.
        busy: Whether all rounds were disturbed, so that the figures are of those.
    """

    case: Case
    rounds: int
    disturbed: int
    streams: int
    messages: int
    late_events: int
    left_out: float
    late_percent: Figure
    mean_ms: Figure
    baseline_ms: float | None
    lag_p99_ms: float | None
    unlikely: str
    busy: bool

    @property
    def verdict(self) -> CaseVerdict:
        """The worse of the two figures'."""
        both = {self.late_percent.verdict, self.mean_ms.verdict}
        if self.busy:
            return CaseVerdict.BUSY
        if CaseVerdict.OUTSIDE in both or self.unlikely:
            return CaseVerdict.OUTSIDE
        return CaseVerdict.UNDECIDED if CaseVerdict.UNDECIDED in both else CaseVerdict.WITHIN


def play(
    chosen: Sequence[Case],
    layer: NetworkLayer,
    run: RunOnLoop,
    progress: Progress,
    *,
    seed: int = 1,
    connections: int = STREAMS,
    seconds: float = SECONDS,
) -> Iterator[CaseResult]:
    """Play cases through the proxy, one after another, and compare them with the kernel.

    A case goes on, up to six rounds of fresh streams, until its intervals are narrow and
    decide: where late messages are rare it takes that long to see enough of them. A round in
    which the schedules were not kept to does not count, and is made up for, six times at most.

    Args:
        chosen: Which; all of one cadence and size, which the layer was made for.
        layer: The proxy, started.
        run: Runs coroutines, all on the same loop.
        progress: Receives each round.
        seed: Source of all chance.
        connections: Routes used at once, fewer where stalls take too many changes for so many;
            each is a stream in either direction.
        seconds: How long a round is.

    Raises:
        BadInput: No port is left.
        RunInvalid: Toxiproxy is gone, does not answer or refuses, or let no frame through.
    """
    for number, case in enumerate(chosen):
        rounds: list[Round] = []
        while True:
            progress.step(_words(case, rounds, len(chosen) - number - 1), "rounds")
            seeds = [seed, round(case.rtt_ms), round(100 * case.loss_percent), len(rounds)]
            draws = [_drawn(case, seconds, [*seeds, n]) for n in range(connections)]
            draws = draws[: _carried(draws)]
            layer.forget()
            flows = layer.stream(_profile(case), draws, run, seconds=seconds)
            rounds.append(_round_of(case, flows, layer.update_stats()))
            played = sum_up(case, rounds)
            narrow = played.late_percent.narrow and played.mean_ms.narrow
            decided = narrow and played.verdict is not CaseVerdict.UNDECIDED
            done = decided or played.unlikely or played.rounds == ROUNDS
            if (done and not played.busy) or len(rounds) == 2 * ROUNDS:
                break
        yield played


def _words(case: Case, rounds: Sequence[Round], to_come: int) -> str:
    """Say where the work is, and what was wrong with the last round."""
    words = f"{case}: round {len(rounds) + 1}, up to {ROUNDS} count; {to_come} more cases to come"
    why = rounds[-1].disturbance if rounds else ""
    return f"{words} (the last one does not count: {why})" if why else words


def _profile(case: Case) -> NetworkProfile:
    """Return the network of a case: its delay, and the stalls that its plan will add."""
    lossy = Direction(delay_ms=case.rtt_ms / 2, loss=case.loss_percent / 100)
    return NetworkProfile(name="kernel", up=lossy, down=Direction(delay_ms=case.rtt_ms / 2))


def _drawn(case: Case, seconds: float, seed: list[int]) -> tuple[TraceStart, TraceStart]:
    up, down = (_draw(case, seconds, [*seed, direction]) for direction in (0, 1))
    return up, down


def _draw(case: Case, seconds: float, seed: list[int]) -> TraceStart:
    """Simulate a stream from its sender's side, whichever direction it is going to run in."""
    stream = Stream(cadence_ms=case.cadence_ms, message_bytes=case.message_bytes)
    trace = make_trace(
        _profile(case),
        stream,
        np.random.default_rng(seed),
        upwards=True,
        length_s=_SKIPPED_MS / 1000 + seconds + _SPARE_S,
    )
    last_ms = _SKIPPED_MS + _SPARE_S * 1000
    calm_ms = (at_ms for at_ms in trace.quiet_points_ms if _SKIPPED_MS <= at_ms <= last_ms)
    return TraceStart(trace, next(calm_ms, _SKIPPED_MS))


def _carried(draws: Sequence[tuple[TraceStart, TraceStart]]) -> int:
    """Return how many connections have no more changes than are carried out in time."""
    each = [
        sum(1000 * len(start.trace.settings) / start.trace.length_ms for start in d) for d in draws
    ]
    return max(1, int((np.cumsum(each) <= _CHANGES_HZ).sum()))


def _round_of(case: Case, flows: FrameFlows, changes: UpdateStats) -> Round:
    streams, owns, alone_ms, left_out = [], [], list[Floats](), 0
    for upwards in (True, False):
        direction = flows.direction(upwards=upwards)
        if flows.broken or not sum(len(flow.extra_ms) for flow in direction):
            why = flows.broken or "no frame came through"
            raise RunInvalid(why, where=str(case), hint="See whether Toxiproxy is well.")
        own, extras_ms = subtract(direction, case.cadence_ms)
        owns.append(own)
        for flow, extra_ms in zip(direction, extras_ms, strict=True):
            in_time = flow.lateness_ms <= _LATENESS_MS
            alone_ms.append(extra_ms[in_time & unimpaired(flow, case.cadence_ms)])
            left_out += int((~in_time).sum())
            streams.append((extra_ms[in_time], flow.planned_ms[in_time]))
    alone = np.concatenate(alone_ms)
    stray = float((alone > _LAG_MS).sum()) / max(1, len(alone))
    return Round(streams=streams, left_out=left_out, stray=stray, own=owns, changes=changes)


def sum_up(case: Case, rounds: Sequence[Round]) -> CaseResult:
    """Compare what the rounds found with the kernel; disturbed rounds only without others.

    Args:
        case: The case.
        rounds: At least one.
    """
    calm = [one for one in rounds if not one.disturbance]
    counted = calm or rounds
    streams = [stream for one in counted for stream in one.streams]
    own = [own for one in counted for own in one.own]
    lags_ms = (one.changes.lag_p99_ms for one in counted)
    known_ms = (one.median_ms for one in own if one.median_ms is not None)
    counts = np.array([len(found) for found, _ in streams], dtype=np.float64)
    messages, left_out = int(counts.sum()), sum(one.left_out for one in counted)
    events = sum(_events(found) for found, _ in streams)
    late = [((found > LATE_MS).sum(), (planned > LATE_MS).sum()) for found, planned in streams]
    sums = [(found.sum(), planned.sum()) for found, planned in streams]
    enough = events >= _FEWEST_EVENTS
    return CaseResult(
        case=case,
        rounds=len(counted),
        disturbed=len(rounds) - len(counted),
        streams=len(streams),
        messages=messages,
        late_events=events,
        left_out=left_out / max(1, messages + left_out),
        late_percent=_figure(case.late_percent, 100 * _pairs(late), counts, enough=enough),
        mean_ms=_figure(case.mean_ms, _pairs(sums), counts, enough=True),
        baseline_ms=max(known_ms, key=abs, default=None),
        lag_p99_ms=max((lag_ms for lag_ms in lags_ms if lag_ms is not None), default=None),
        unlikely=next((one.why for one in own if not one.plausible), ""),
        busy=not calm,
    )


def _pairs(rows: Sequence[tuple[float, float]]) -> Floats:
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def _figure(kernel: float, sums: Floats, counts: Floats, *, enough: bool) -> Figure:
    """Divide sums over streams, shape (streams, 2) for found and planned, by their messages.

    The interval is the percentiles of the bootstrap over streams (Efron 1979), always of the same
    seed.
    """
    total = max(1.0, float(counts.sum()))
    found, planned = (float(value) / total for value in sums.sum(axis=0))
    low = high = None
    if len(counts) >= _FEWEST_STREAMS:
        rng = np.random.default_rng(20_261_121)
        drawn = rng.integers(len(counts), size=(_RESAMPLES, len(counts)))
        ratios = sums[drawn, 0].sum(axis=1) / np.maximum(1.0, counts[drawn].sum(axis=1))
        ends = np.percentile(ratios, (_TAIL_PERCENT, 100 - _TAIL_PERCENT))
        low, high = float(ends[0]), float(ends[1])
    return Figure(kernel=kernel, planned=planned, found=found, low=low, high=high, enough=enough)


def _events(extra_ms: Floats) -> int:
    """Count runs of late messages; a stall makes one."""
    late = (extra_ms > LATE_MS).astype(np.int8)
    return int((np.diff(late, prepend=0) > 0).sum())
