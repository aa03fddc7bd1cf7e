"""Streams like those of sessions: frames in both directions, each stream over its own route.

The stall schedules run meanwhile. Each frame's extra delay is known in advance, so the measured
delay is compared with the plan frame by frame. Both ends are here, on one loop and one clock.
"""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt

from harness.clock import now_ns
from harness.errors import sanitised
from harness.model import NS_PER_MS, NS_PER_S, NetworkProfile
from harness.network.tcp.stages import base_latencies_ms
from harness.network.tcp.traces import Stream, TraceStart
from harness.network.toxiproxy.toxic_scheduler import Impairment

Floats = npt.NDArray[np.float64]

_LEAD_NS = NS_PER_S // 4
_PATIENCE_S = 10.0
_OPEN_LIMIT_S = 10.0

Result = TypeVar("Result")


class RunOnLoop(Protocol):
    """Runs a coroutine on a loop that stays, and returns its result."""

    def __call__(self, errand: Coroutine[Any, Any, Result], /) -> Result:
        """Run it."""
        ...


class ProbeRoutes(Protocol):
    """Opens routes with one profile. Both methods block."""

    profile: NetworkProfile

    def open(
        self, session_id: str, port: int, drawn: tuple[TraceStart, TraceStart]
    ) -> tuple[tuple[str, int], Impairment]:
        """Open a route to a port of this machine; return its address and its impairment."""
        ...

    def close(self, session_id: str) -> None:
        """Close the session's route."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameFlow:
    """One direction of one stream, frame by frame as far as they arrived; all of one shape.

    Attributes:
        upwards: Whether frames went from caller to API.
        extra_ms: Time from the actual sending to the arrival, less the base latency.
        planned_ms: The extra delay that was planned.
        base_ms: The base latency.
        lateness_ms: How much later than planned the frame was sent.
    """

    upwards: bool
    extra_ms: Floats
    planned_ms: Floats
    base_ms: Floats
    lateness_ms: Floats


@dataclass(frozen=True, slots=True)
class FrameFlows:
    """The measured flows; `broken` says why there are none, and is empty otherwise."""

    flows: tuple[FrameFlow, ...] = ()
    broken: str = ""

    def direction(self, *, upwards: bool) -> tuple[FrameFlow, ...]:
        """Return the flows of one direction."""
        return tuple(flow for flow in self.flows if flow.upwards is upwards)


def stream_frames(
    routes: ProbeRoutes,
    draws: Sequence[tuple[TraceStart, TraceStart]],
    stream: Stream,
    run: RunOnLoop,
    *,
    host: str,
    seconds: float,
) -> FrameFlows:
    """Send frames over several routes at once for some seconds and return the delays of each.

    Args:
        routes: Opens them.
        draws: The schedules of each, upwards and downwards.
        stream: What is sent.
        run: Runs coroutines, all on the same loop; blocking calls are made outside of it.
        host: Address of this machine by which the proxy reaches it.
        seconds: How long.
    """
    streams = _Streams(routes, draws, stream, host, round(seconds * 1000 / stream.cadence_ms))
    try:
        streams.open(run(streams.listen()))
        return run(streams.measure())
    finally:
        run(streams.end())
        streams.close()


@contextlib.contextmanager
def _unswept() -> Iterator[None]:
    """Disable garbage collection in the block: its 20 ms pause would show in every stream."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _End(asyncio.Protocol):
    """One end of a stream: records when each whole frame arrived."""

    def __init__(self, frame_bytes: int, progress: asyncio.Event) -> None:
        self.frame_bytes = frame_bytes
        self._progress = progress
        self.transport: asyncio.Transport | None = None
        self.sent_ns: list[int] = []
        self.arrived_ns: list[int] = []
        self._bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is of no such class
        self._progress.set()

    def data_received(self, data: bytes) -> None:
        at_ns = now_ns()
        self._bytes += len(data)
        while (len(self.arrived_ns) + 1) * self.frame_bytes <= self._bytes:
            self.arrived_ns.append(at_ns)
        self._progress.set()

    def send(self, frame: bytes) -> None:
        self.sent_ns.append(now_ns())
        if self.transport is not None:
            self.transport.write(frame)


class _Streams:
    """The streams of one measurement."""

    def __init__(
        self,
        routes: ProbeRoutes,
        draws: Sequence[tuple[TraceStart, TraceStart]],
        stream: Stream,
        host: str,
        frames: int,
    ) -> None:
        self._routes, self._draws, self._stream, self._host = routes, draws, stream, host
        self._frames = frames
        self._frame = bytes(stream.message_bytes)
        self._server: asyncio.Server | None = None
        self._near: list[_End] = []
        self._far: list[_End] = []
        self._running: list[Impairment] = []
        self._opened: dict[str, tuple[str, int]] = {}
        self._starts_ns: list[int] = []
        self._progress = asyncio.Event()

    async def listen(self) -> int:
        """Start the far end and return its port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, self._host, 0)
        return int(self._server.sockets[0].getsockname()[1])

    def open(self, port: int) -> None:
        """Open a route for each stream; blocks."""
        for number, drawn in enumerate(self._draws):
            name = f"stalls-{self._routes.profile.name}-{number}"
            self._opened[name], impairment = self._routes.open(name, port, drawn)
            self._running.append(impairment)

    async def measure(self) -> FrameFlows:
        """Connect, send all frames and return the delays measured."""
        try:
            async with asyncio.timeout(_OPEN_LIMIT_S):
                await self._connect()
            with _unswept():
                await self._send_frames()
        except OSError as error:  # a TimeoutError is one
            return FrameFlows(broken=sanitised(error) or "no answer in time")
        return FrameFlows(tuple(self._frame_flows()))

    async def end(self) -> None:
        """Close what is open on the loop."""
        for impairment in self._running:
            impairment.end()
        for end in (*self._near, *self._far):
            if end.transport is not None:
                end.transport.abort()
        if self._server is not None:
            self._server.close()
        await asyncio.sleep(0)  # what was aborted is closed in the loop's next round

    def close(self) -> None:
        """Close the routes; blocks."""
        for name in self._opened:
            self._routes.close(name)

    def _accept(self) -> _End:
        self._far.append(_End(self._stream.message_bytes, self._progress))
        return self._far[-1]

    async def _connect(self) -> None:
        """Connect one after another, so that the far ends come in the same order."""
        loop = asyncio.get_running_loop()
        for host, port in self._opened.values():
            _, near = await loop.create_connection(
                lambda: _End(self._stream.message_bytes, self._progress), host, port
            )
            await self._until(lambda: len(self._far) == len(self._near) + 1)
            self._near.append(near)

    async def _send_frames(self) -> None:
        """Send all frames at their times, then wait for the last."""
        loop = asyncio.get_running_loop()
        cadence_ns = round(self._stream.cadence_ms * NS_PER_MS)
        count, start_ns = len(self._near), now_ns() + _LEAD_NS
        self._starts_ns = [start_ns + round(cadence_ns * n / count) for n in range(count)]
        for impairment, first_ns in zip(self._running, self._starts_ns, strict=True):
            impairment.begin(loop, first_ns)
        for frame in range(self._frames):
            for number, first_ns in enumerate(self._starts_ns):
                wait_ns = first_ns + frame * cadence_ns - now_ns()
                if wait_ns > 0:
                    await asyncio.sleep(wait_ns / NS_PER_S)
                self._near[number].send(self._frame)
                self._far[number].send(self._frame)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await self._until(self._complete)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._progress.clear()
            await self._progress.wait()

    def _complete(self) -> bool:
        return all(len(end.arrived_ns) == self._frames for end in (*self._near, *self._far))

    def _frame_flows(self) -> list[FrameFlow]:
        found = []
        ends = zip(self._near, self._far, self._draws, self._starts_ns, strict=True)
        for near, far, (up, down), first_ns in ends:
            found.append(self._frame_flow(up, near, far, first_ns, upwards=True))
            found.append(self._frame_flow(down, far, near, first_ns, upwards=False))
        return found

    def _frame_flow(
        self, draw: TraceStart, there: _End, here: _End, first_ns: int, *, upwards: bool
    ) -> FrameFlow:
        """Return the delays of the frames from one end to the other."""
        count, cadence_ms = len(here.arrived_ns), self._stream.cadence_ms
        arrived_ns = np.array(here.arrived_ns, dtype=np.int64)
        sent_ns = np.array(there.sent_ns[:count], dtype=np.int64)
        since_ms = np.arange(count) * cadence_ms
        base_ms = base_latencies_ms(self._routes.profile, draw.begin_ms + since_ms, upwards=upwards)
        return FrameFlow(
            upwards=upwards,
            extra_ms=(arrived_ns - sent_ns) / NS_PER_MS - base_ms,
            planned_ms=draw.trace.extra_from(draw.begin_ms, self._stream, count),
            base_ms=base_ms,
            lateness_ms=(sent_ns - first_ns) / NS_PER_MS - since_ms,
        )
