"""How late a network's stalls are applied while many calls go through it, and what that costs.

Everything is real: Toxiproxy, the connections, the audio engine's loop, the updates. Callers send
frames of full size at the cadence of a call and get each back; there is no session behind them, and
the other end is an echo server in another process. The cost of the updates is the CPU time of the
loop's thread with them, less its CPU time without.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from harness.bench.echo_server import echo_server
from harness.clock import now_ns
from harness.engine.engine import AudioEngine
from harness.engine.process_tuning import tune_process
from harness.engine.timer import DeadlineTimer
from harness.model import NS_PER_MS, NS_PER_S, NetworkProfile, UpdateStats
from harness.network import ApiAddress, Impairment, NetworkLayer, Stream

_HOST = "127.0.0.1"
_CONNECT_LIMIT_S = 60.0
_SETTLE_S = 1.0
_BASELINE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StallUpdateFinding:
    """What was found.

    Attributes:
        callers: Connections through routes of their own.
        talking: How many of them sent frames.
        frames: Frames that went out while updates were measured.
        seconds: For how long they were.
        account: The updates, and how late they were carried out.
        controller_cores: CPU time of the loop's thread with updates less that without, a second.
        loop_cores: CPU time of it without updates, a second: the traffic.
    """

    callers: int
    talking: int
    frames: int
    seconds: float
    account: UpdateStats
    controller_cores: float
    loop_cores: float

    @property
    def update_us(self) -> float | None:
        """CPU time of one update; `None` when there was none."""
        done = self.account.done
        return 1e6 * self.controller_cores * self.seconds / done if done else None


class _CallerEnd(asyncio.Protocol):
    """The caller's end of a connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is of no such class


class _Traffic:
    """Sends frames at their times, those of one millisecond together, as the engine does."""

    def __init__(self, ends: Sequence[_CallerEnd], stream: Stream) -> None:
        self.sent = 0
        self._frame = bytes(stream.message_bytes)
        self._slots: list[list[_CallerEnd]] = [[] for _ in range(round(stream.cadence_ms))]
        for number, end in enumerate(ends):
            self._slots[number % len(self._slots)].append(end)
        self._timer = DeadlineTimer(asyncio.get_running_loop(), self._run)
        self._at_ns = (now_ns() // NS_PER_MS + 1) * NS_PER_MS
        self._timer.arm(self._at_ns)

    def close(self) -> None:
        self._timer.close()

    def _run(self) -> None:
        while self._at_ns <= now_ns():
            slot = self._slots[self._at_ns // NS_PER_MS % len(self._slots)]
            for end in slot:
                end.transport.write(self._frame)
            self.sent += len(slot)
            self._at_ns += NS_PER_MS
        self._timer.arm(self._at_ns)


def measure_stall_updates(
    server: Path | ApiAddress,
    profile: NetworkProfile,
    *,
    callers: int,
    talking: int,
    frame_ms: int,
    seconds: float,
) -> StallUpdateFinding:
    """Open calls through a profile and measure the updates of its toxics.

    Args:
        server: Toxiproxy.
        profile: What every call is subject to, from its first frame on.
        callers: How many calls.
        talking: How many of them send frames.
        frame_ms: Time between frames.
        seconds: How long to measure.
    """
    stream = Stream(cadence_ms=frame_ms, message_bytes=Stream().message_bytes * frame_ms // 20)
    engine = AudioEngine()
    engine.start()
    try:
        with (
            NetworkLayer(server, {profile.name: profile}, stream=stream) as layer,
            echo_server() as port,
        ):
            layer.prepare(profile.name)
            layer.stock(_HOST, port, callers)
            names = [f"call-{number:06d}" for number in range(callers)]
            routes = [layer.route(name, profile.name, _HOST, port) for name in names]
            impairments = [layer.impairment(name) for name in names]
            tune_process()
            return engine.run(_measure(layer, routes, impairments, stream, talking, seconds))
    finally:
        engine.stop()


async def _measure(
    layer: NetworkLayer,
    routes: Sequence[tuple[str, int]],
    impairments: Sequence[Impairment],
    stream: Stream,
    talking: int,
    seconds: float,
) -> StallUpdateFinding:
    loop = asyncio.get_running_loop()
    ends: list[_CallerEnd] = []
    async with asyncio.timeout(_CONNECT_LIMIT_S):
        for route in routes:
            _, end = await loop.create_connection(_CallerEnd, *route)
            ends.append(end)
    traffic = _Traffic(ends[:talking], stream)
    try:
        await asyncio.sleep(_SETTLE_S)
        loop_cores, _ = await _cores(min(seconds, _BASELINE_S))
        begin_ns = now_ns()
        for number, impairment in enumerate(impairments):
            phase_ns = round(stream.cadence_ms * NS_PER_MS * number / len(impairments))
            impairment.begin(loop, begin_ns + phase_ns)
        await asyncio.sleep(_SETTLE_S)
        layer.forget()
        sent = traffic.sent
        cores, passed_s = await _cores(seconds)
        return StallUpdateFinding(
            callers=len(routes),
            talking=talking,
            frames=traffic.sent - sent,
            seconds=passed_s,
            account=layer.update_stats(),
            controller_cores=max(0.0, cores - loop_cores),
            loop_cores=loop_cores,
        )
    finally:
        traffic.close()
        for impairment in impairments:
            impairment.end()
        for end in ends:
            end.transport.abort()


async def _cores(seconds: float) -> tuple[float, float]:
    """Return the CPU time this thread takes a second, and how long was measured."""
    cpu_s, began_ns = time.thread_time(), now_ns()
    await asyncio.sleep(seconds)
    passed_s = (now_ns() - began_ns) / NS_PER_S
    return (time.thread_time() - cpu_s) / passed_s, passed_s
