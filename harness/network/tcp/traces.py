"""Stall schedules, computed before the calls start and then handed out to them.

Simulating a connection costs about a thousandth of a core for every simulated second: little,
but not on the thread that sends audio. So each profile gets a pool of traces per direction, long
enough for a call, and a call draws one of them and the place where it begins. What it gets depends
on the seed, the profile and the name of the session alone.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.model import NetworkProfile, StallFigures
from harness.network.tcp.path import NOTHING_MS, ProfilePath
from harness.network.tcp.sender import deliver
from harness.network.tcp.stages import base_latencies_ms
from harness.network.tcp.stalls import Setting, compile_stalls

TRACES = 12
TRACE_S = 60.0
LATE_MS = 50.0

_TIMELINE_TAIL_S = 30.0
_LATENESS_MS = 0.1
_WHEEL_MS = 32.0
_HELD_MS = 5.0
_TOGETHER_MS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What is sent over a connection, as far as the schedule has to know.

    Attributes:
        cadence_ms: Time between messages.
        message_bytes: Size of a message.
    """

    cadence_ms: float = 20.0
    message_bytes: int = 1340


@dataclass(frozen=True, slots=True)
class Trace:
    """What one direction of one connection goes through.

    Attributes:
        extra_ms: Extra delay of every message, 0 for one that nothing holds up, shape (messages,).
        settings: What the stall toxic is set to, from the first message's sending on.
        length_ms: After this much time it begins again.
        loops_from_ms: Where it begins again.
        quiet_points_ms: Moments at which nothing is held, where a call may begin.
    """

    extra_ms: npt.NDArray[np.float64]
    settings: tuple[Setting, ...]
    length_ms: float
    loops_from_ms: float
    quiet_points_ms: tuple[float, ...]

    def play(self, begin_ms: float) -> Iterator[tuple[float, int]]:
        """Yield times since the call's first frame and the latencies to set then, for ever."""
        shift_ms, after_ms = -begin_ms, begin_ms
        if not self.settings:
            return
        while True:
            for setting in self.settings:
                if setting.at_ms >= after_ms:
                    yield setting.at_ms + shift_ms, setting.latency_ms
            if self.settings[-1].at_ms < self.loops_from_ms:
                return
            shift_ms += self.length_ms - self.loops_from_ms
            after_ms = self.loops_from_ms

    def extra_from(self, begin_ms: float, stream: Stream, count: int) -> npt.NDArray[np.float64]:
        """Return the extra delay of a call's first `count` messages, shape (count,)."""
        first = round(begin_ms / stream.cadence_ms)
        loop = round(self.loops_from_ms / stream.cadence_ms)
        numbers = first + np.arange(count)
        over = numbers >= len(self.extra_ms)
        numbers[over] = loop + (numbers[over] - loop) % (len(self.extra_ms) - loop)
        return self.extra_ms[numbers]


@dataclass(frozen=True, slots=True)
class TraceStart:
    """The trace of one direction of a call, and where the call begins in it."""

    trace: Trace
    begin_ms: float


class TracePool:
    """The traces of one profile.

    Args:
        profile: What the network is.
        stream: What is sent over it, in either direction.
        seed: Seed of everything that is drawn.
    """

    def __init__(self, profile: NetworkProfile, stream: Stream, seed: int) -> None:
        self._seed, self._stream = [seed, *_words(profile.name)], stream
        self._fixed = bool(profile.stages)
        self.up = self._pool(profile, upwards=True)
        self.down = self._pool(profile, upwards=False)

    def draw(
        self, session_id: str, near_ms: float | None = None
    ) -> tuple[TraceStart, TraceStart] | None:
        """Return what a session goes through upwards and downwards, `None` for nothing.

        Args:
            session_id: Its name.
            near_ms: Where to begin, or shortly before; drawn when not given, and the beginning
                for a profile that changes in the course of a call.
        """
        if not self.up:
            return None
        rng = np.random.default_rng([*self._seed, 2, *_words(session_id)])
        return self._draw(self.up, rng, near_ms), self._draw(self.down, rng, near_ms)

    def digest(self) -> str:
        """Return a SHA-256 over all settings, hexadecimal."""
        content = [
            [(setting.at_ms, setting.latency_ms) for setting in trace.settings]
            for trace in (*self.up, *self.down)
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def _draw(
        self, traces: Sequence[Trace], rng: np.random.Generator, near_ms: float | None
    ) -> TraceStart:
        trace = traces[int(rng.integers(len(traces)))]
        place = float(rng.random())
        if near_ms is not None:
            return TraceStart(
                trace, max((at for at in trace.quiet_points_ms if at <= near_ms), default=0.0)
            )
        if self._fixed or not trace.quiet_points_ms:
            return TraceStart(trace, 0.0)
        return TraceStart(trace, trace.quiet_points_ms[int(place * len(trace.quiet_points_ms))])

    def _pool(self, profile: NetworkProfile, *, upwards: bool) -> tuple[Trace, ...]:
        if not profile.stalls:
            return ()
        seeds = ([*self._seed, int(upwards), number] for number in range(TRACES))
        return tuple(
            make_trace(profile, self._stream, np.random.default_rng(seed), upwards=upwards)
            for seed in seeds
        )


def make_trace(
    profile: NetworkProfile,
    stream: Stream,
    rng: np.random.Generator,
    *,
    upwards: bool,
    length_s: float | None = None,
) -> Trace:
    """Simulate one direction of one connection and compile it.

    Frames leave a little late, as those of any caller do, which keeps them from tying with
    acknowledgements. The delay of a stage is the base toxic's, which is changed with the stage;
    all beyond it is the stall toxic's work.

    Args:
        profile: What the network is.
        stream: What is sent over it.
        rng: Source of chance.
        upwards: Whether messages go from caller to API.
        length_s: How long the trace is, `TRACE_S` by default; a network that changes in the course
            of a call has its own length.
    """
    cadence_ms = stream.cadence_ms
    loops_from_ms, length_ms = 0.0, (length_s or TRACE_S) * 1000
    if profile.stages:
        loops_from_ms = profile.stages[-1].from_s * 1000 + _TIMELINE_TAIL_S * 500
        length_ms = loops_from_ms + _TIMELINE_TAIL_S * 1000
    count = round(length_ms / cadence_ms)
    length_ms = count * cadence_ms
    loops_from_ms = round(loops_from_ms / cadence_ms) * cadence_ms
    planned_ms = np.arange(count) * cadence_ms
    lateness_ms = np.minimum(rng.exponential(_LATENESS_MS, count), cadence_ms / 2)
    sent_ms = planned_ms + lateness_ms
    done = deliver(
        sent_ms.tolist(),
        ProfilePath(profile.timeline, upwards=upwards, rng=rng),
        message_bytes=stream.message_bytes,
        phase_ms=float(rng.uniform(0, _WHEEL_MS)),
    )
    base_ms = base_latencies_ms(profile, planned_ms, upwards=upwards)
    arrives_ms = np.maximum.accumulate(planned_ms + base_ms)
    end_ms = max(length_ms + base_ms[-1], arrives_ms[-1])
    raw_ms = np.array([end_ms if at_ms is None else at_ms for at_ms in done]) - lateness_ms
    delivered_ms = np.maximum.accumulate(np.minimum(np.maximum(raw_ms, arrives_ms), end_ms))
    compiled = compile_stalls(
        arrives_ms.tolist(),
        delivered_ms.tolist(),
        credit_ms=np.maximum(0.0, base_ms - cadence_ms).tolist(),
        cadence_ms=cadence_ms,
    )
    late_ms = delivered_ms - planned_ms - base_ms
    extra_ms = np.where(late_ms > NOTHING_MS, late_ms, 0.0)
    return Trace(
        extra_ms=extra_ms,
        settings=tuple(compiled),
        length_ms=length_ms,
        loops_from_ms=loops_from_ms,
        quiet_points_ms=_quiet_points(
            compiled, extra_ms, arrives_ms, cadence_ms, float(base_ms.max())
        ),
    )


def figures(extra_ms: Sequence[npt.NDArray[np.float64]], stream: Stream) -> StallFigures:
    """Sum up extra delays of messages sent at the stream's cadence.

    Args:
        extra_ms: One array for each connection, shape (messages,), in order of sending.
        stream: What was sent.
    """
    everything = np.concatenate(extra_ms)
    stalls = sum(_stalls(extra, stream.cadence_ms) for extra in extra_ms)
    p50, p90, p99 = (float(value) for value in np.percentile(everything, (50, 90, 99)))
    return StallFigures(
        messages=len(everything),
        mean_ms=float(everything.mean()),
        p50_ms=p50,
        p90_ms=p90,
        p99_ms=p99,
        late_share=float((everything > LATE_MS).mean()),
        per_minute=stalls / (len(everything) * stream.cadence_ms / 60_000),
    )


def _stalls(extra_ms: npt.NDArray[np.float64], cadence_ms: float) -> int:
    """Count the moments at which held messages were let go, several at once being one."""
    delivered_ms = np.arange(len(extra_ms)) * cadence_ms + extra_ms
    held = extra_ms > _HELD_MS
    apart = np.diff(delivered_ms, prepend=-np.inf) > _TOGETHER_MS
    return int((held & apart).sum())


def _quiet_points(
    compiled: Sequence[Setting],
    extra_ms: npt.NDArray[np.float64],
    arrives_ms: npt.NDArray[np.float64],
    cadence_ms: float,
    base_ms: float,
) -> tuple[float, ...]:
    """Return sending times of messages before which, and for a while after, nothing is held."""
    free = extra_ms <= _HELD_MS
    calm = free.copy()
    calm[1:] &= free[:-1]
    calm[:-1] &= free[1:]
    closed = np.zeros(len(extra_ms), dtype=bool)
    begin_ms: float | None = None
    for setting in compiled:
        if setting.latency_ms and begin_ms is None:
            begin_ms = setting.at_ms
        elif not setting.latency_ms and begin_ms is not None:
            low, high = np.searchsorted(arrives_ms, (begin_ms, setting.at_ms), "right") - 1
            closed[max(0, low) : high + 2] = True
            begin_ms = None
    reach = int(base_ms // cadence_ms) + 1
    for step in range(reach + 1):
        calm[step:] &= ~closed[: len(closed) - step]
        calm[: len(calm) - step] &= ~closed[step:]
    return tuple((np.flatnonzero(calm) * cadence_ms).tolist())


def _words(name: str) -> list[int]:
    digest = hashlib.sha256(name.encode()).digest()
    return [int.from_bytes(digest[at : at + 4]) for at in (0, 4)]
