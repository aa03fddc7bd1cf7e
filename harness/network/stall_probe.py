"""Measure whether stalls happen as planned, by streams like those of sessions.

Frames go both ways over some connections at the cadence of a call while their schedules run. Each
frame's extra delay is known in advance, so what is found is held against the plan for the very
same frames, and chance has no part in the verdict.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt

from harness.clock import NS_PER_MS, NS_PER_S, now_ns
from harness.errors import printable
from harness.model import NetworkProfile, RealisedNetwork, StallFigures
from harness.network.impairment import Impairment
from harness.network.stages import base_latencies_ms
from harness.network.traces import Draw, Stream, figures

STREAMS = 16
SECONDS = 6.0

_HOST = "127.0.0.1"
_LEAD_NS = NS_PER_S // 4
_PATIENCE_S = 10.0
_OPEN_LIMIT_S = 10.0
_BEFORE_STAGE_MS = 1000.0
_SHARE, _LEAST_MS, _LEAST_LATE = 0.25, 1.0, 0.005


Result = TypeVar("Result")


class RunOnLoop(Protocol):
    """Runs a coroutine on a loop that stays, and returns its result."""

    def __call__(self, errand: Coroutine[Any, Any, Result], /) -> Result:
        """Run it."""
        ...


class Probed(Protocol):
    """What is probed: ways with one profile. `open` and `close` block."""

    profile: NetworkProfile

    def open(
        self, session_id: str, port: int, drawn: tuple[Draw, Draw]
    ) -> tuple[tuple[str, int], Impairment]:
        """Open a way to a port of this machine; return its address and what happens to it."""
        ...

    def draw(self, session_id: str, near_ms: float | None) -> tuple[Draw, Draw]:
        """Return the schedules of a session, upwards and downwards, near a moment of them."""
        ...

    def close(self, session_id: str) -> None:
        """Close the session's way."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StallFinding:
    """What was found in each direction, beside what was planned for the same frames.

    `broken` says why nothing was found, and is empty otherwise.
    """

    up: StallFigures | None = None
    up_planned: StallFigures | None = None
    down: StallFigures | None = None
    down_planned: StallFigures | None = None
    broken: str = ""


class _End(asyncio.Protocol):
    """One end of a stream: counts whole frames and when they were there."""

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

    def taken_ms(self, other: "_End") -> npt.NDArray[np.float64]:
        """Return the delay of all frames that came from the other end."""
        count = len(self.arrived_ns)
        sent_ns = np.array(other.sent_ns[:count], dtype=np.int64)
        found: npt.NDArray[np.float64] = (
            np.array(self.arrived_ns, dtype=np.int64) - sent_ns
        ) / NS_PER_MS
        return found


class _Streams:
    """The streams of one probe."""

    def __init__(self, probed: Probed, stream: Stream, host: str) -> None:
        self._probed, self._stream, self._host = probed, stream, host
        self._frames = round(SECONDS * 1000 / stream.cadence_ms)
        self._frame = bytes(stream.message_bytes)
        self._server: asyncio.Server | None = None
        self._near: list[_End] = []
        self._far: dict[int, _End] = {}
        self._running: list[Impairment] = []
        self._ways: dict[str, tuple[str, int]] = {}
        self._drawn: list[tuple[Draw, Draw]] = []
        self._progress = asyncio.Event()

    async def listen(self) -> int:
        """Start the far end and return its port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, self._host, 0)
        return int(self._server.sockets[0].getsockname()[1])

    def open(self, port: int) -> None:
        """Open a way for each stream; blocks."""
        for number in range(STREAMS):
            name = f"stalls-{self._probed.profile.name}-{number}"
            drawn = self._probed.draw(name, self._near_ms(number))
            self._drawn.append(drawn)
            self._ways[name], impairment = self._probed.open(name, port, drawn)
            self._running.append(impairment)

    async def measure(self) -> StallFinding:
        """Stream for some seconds."""
        try:
            async with asyncio.timeout(_OPEN_LIMIT_S):
                await self._connect()
            await self._flow()
        except OSError as error:  # a TimeoutError is one
            return StallFinding(broken=printable(error) or "no answer in time")
        return self._finding()

    async def end(self) -> None:
        """Close what is open on the loop."""
        for impairment in self._running:
            impairment.end()
        for end in (*self._near, *self._far.values()):
            if end.transport is not None:
                end.transport.abort()
        if self._server is not None:
            self._server.close()
        await asyncio.sleep(0)  # what was aborted is closed in the loop's next round

    def close(self) -> None:
        """Close the ways; blocks."""
        for name in self._ways:
            self._probed.close(name)

    def _accept(self) -> _End:
        end = self._far[len(self._far)] = _End(self._stream.message_bytes, self._progress)
        return end

    async def _connect(self) -> None:
        """Connect one after another, so that the far ends come in the same order."""
        loop = asyncio.get_running_loop()
        for host, port in self._ways.values():
            _, near = await loop.create_connection(
                lambda: _End(self._stream.message_bytes, self._progress), host, port
            )
            await self._until(lambda: len(self._far) == len(self._near) + 1)
            self._near.append(near)

    def _near_ms(self, number: int) -> float | None:
        """Return where in the call a stream begins: anywhere, or shortly before a change."""
        stages = self._probed.profile.stages
        if not stages:
            return None
        return stages[number % len(stages)].from_s * 1000 - _BEFORE_STAGE_MS

    async def _flow(self) -> None:
        """Send all frames at their times, then wait for the last."""
        loop = asyncio.get_running_loop()
        cadence_ns = round(self._stream.cadence_ms * NS_PER_MS)
        start_ns = now_ns() + _LEAD_NS
        phases_ns = [round(cadence_ns * number / STREAMS) for number in range(STREAMS)]
        for impairment, phase_ns in zip(self._running, phases_ns, strict=True):
            impairment.begin(loop, start_ns + phase_ns)
        for frame in range(self._frames):
            for number, phase_ns in enumerate(phases_ns):
                wait_ns = start_ns + frame * cadence_ns + phase_ns - now_ns()
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
        ends = (*self._near, *self._far.values())
        return all(len(end.arrived_ns) == self._frames for end in ends)

    def _finding(self) -> StallFinding:
        profile = self._probed.profile
        found: dict[str, list[npt.NDArray[np.float64]]] = {
            name: [] for name in ("up", "up_planned", "down", "down_planned")
        }
        for number, near in enumerate(self._near):
            far = self._far[number]
            draws = self._drawn[number]
            for way, draw, here, there in (
                ("up", draws[0], far, near),
                ("down", draws[1], near, far),
            ):
                taken_ms = here.taken_ms(there)
                sent_ms = draw.begin_ms + np.arange(len(taken_ms)) * self._stream.cadence_ms
                extra_ms = taken_ms - base_latencies_ms(profile, sent_ms, upwards=way == "up")
                found[way].append(extra_ms)
                planned_ms = draw.trace.extra_from(draw.begin_ms, self._stream, len(extra_ms))
                found[f"{way}_planned"].append(planned_ms)
        if any(not sum(map(len, arrays)) for arrays in found.values()):
            return StallFinding(broken="no frame came through")
        summed = {name: figures(arrays, self._stream) for name, arrays in found.items()}
        return StallFinding(
            up=summed["up"],
            up_planned=summed["up_planned"],
            down=summed["down"],
            down_planned=summed["down_planned"],
        )


def probe_stalls(probed: Probed, stream: Stream, run: RunOnLoop, host: str = _HOST) -> StallFinding:
    """Stream for some seconds over several ways at once and say what was found.

    Args:
        probed: What is probed.
        stream: What is sent.
        run: Runs coroutines, all on the same loop; what blocks is done outside of it.
        host: Address of this machine by which the proxy reaches it.
    """
    streams = _Streams(probed, stream, host)
    try:
        streams.open(run(streams.listen()))
        return run(streams.measure())
    finally:
        run(streams.end())
        streams.close()


def judge_stalls(
    found: RealisedNetwork, measured: StallFinding, *, failed: int = 0
) -> RealisedNetwork:
    """Add what was measured of stalls to a finding.

    Args:
        found: What is known of delay, jitter and bandwidth.
        measured: What was found of stalls.
        failed: Changes that Toxiproxy did not carry out meanwhile.

    Returns:
        The finding, verified only if it was and the stalls are as planned: share of late frames
        and mean extra delay within a quarter, or 0.5 % and 1 ms where there is little to stall.
    """
    if measured.broken:
        why = f"{found.why}; the stall probe broke off: {measured.broken}"
        return replace(found, verified=False, why=why)
    good, words = failed == 0, [found.why]
    if failed:
        words.append(f"{failed} changes were not carried out")
    for way, got, planned in (
        ("up", measured.up, measured.up_planned),
        ("down", measured.down, measured.down_planned),
    ):
        assert got is not None
        assert planned is not None
        mean_good = _near(got.mean_ms, planned.mean_ms, _LEAST_MS)
        late_good = _near(got.late_share, planned.late_share, _LEAST_LATE)
        good &= mean_good and late_good
        off = "" if mean_good and late_good else ", which is more than a quarter off"
        words.append(
            f"{way} {got.per_minute:.0f} stalls a minute, {got.mean_ms:.1f} ms extra on average for"
            f" {planned.mean_ms:.1f}, {got.late_share:.2%} more than 50 ms late for"
            f" {planned.late_share:.2%}{off}"
        )
    return replace(
        found,
        verified=found.verified and good,
        why="; ".join(words),
        up_stalls=measured.up,
        down_stalls=measured.down,
        up_planned=measured.up_planned,
        down_planned=measured.down_planned,
    )


def _near(got: float, planned: float, least: float) -> bool:
    return abs(got - planned) <= max(_SHARE * planned, least)
