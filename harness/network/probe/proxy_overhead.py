"""The overhead of the proxy while calls run, measured on the loop that carries them.

A few times a second one small message goes to an echo and back, directly and through a proxy
without toxics, one after the other. Both ends are on the loop that carries the calls, so the
lateness of that loop is in both figures, and their difference is the overhead.
"""

import asyncio
from array import array
from typing import cast

import numpy as np
import numpy.typing as npt

from harness.clock import now_ns
from harness.errors import sanitised
from harness.model import NS_PER_MS, ProxyOverhead
from harness.network.probe.echo import Echo

_EVERY_S = 0.2
_PATIENCE_S = 5.0
_MESSAGE = b"harness overhead, 32 bytes of it"


class _Near(asyncio.Protocol):
    """The near end of one route; records the round-trip time of each message."""

    def __init__(self) -> None:
        self.taken_ms: array[float] = array("f")
        self.transport: asyncio.Transport | None = None
        self._sent_ns = self._came = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None

    def data_received(self, data: bytes) -> None:
        at_ns = now_ns()
        self._came += len(data)
        if self._came >= len(_MESSAGE) and self._sent_ns:
            self.taken_ms.append((at_ns - self._sent_ns) / NS_PER_MS)
            self._sent_ns = self._came = 0

    def send(self) -> None:
        """Send one message unless the previous one has not come back yet."""
        if self.transport is not None and not self._sent_ns:
            self._sent_ns = now_ns()
            self.transport.write(_MESSAGE)


class OverheadWatch:
    """Measures the overhead, from `begin` to `end`; all but `found` on the loop's thread.

    Args:
        host: Address of this machine by which the Toxiproxy reaches it.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._direct, self._proxied = _Near(), _Near()
        self._server: asyncio.Server | None = None
        self._echoes: set[asyncio.Transport] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def listen(self) -> int:
        """Start the far end and return its port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Echo(self._echoes), self._host, 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def begin(self, route: tuple[str, int]) -> str:
        """Measure from now on.

        Args:
            route: Where a proxy to `listen`'s port listens.

        Returns:
            Why there is nothing to measure, empty when there is.
        """
        assert self._server is not None
        loop = asyncio.get_running_loop()
        direct = self._server.sockets[0].getsockname()[:2]
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await loop.create_connection(lambda: self._direct, *direct)
                await loop.create_connection(lambda: self._proxied, *route)
        except OSError as error:  # a TimeoutError is one
            return sanitised(error) or "no answer in time"
        self._tick(loop)
        return ""

    def end(self) -> None:
        """Stop measuring and close what is open; idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        nears = (near.transport for near in (self._direct, self._proxied))
        for transport in (*nears, *self._echoes):
            if transport is not None:
                transport.abort()
        if self._server is not None:
            self._server.close()
            self._server = None

    def forget(self) -> None:
        """Count from now on."""
        for near in (self._direct, self._proxied):
            del near.taken_ms[:]

    def found(self) -> ProxyOverhead | None:
        """Return the overhead measured so far, `None` when no round trip was completed."""
        direct_ms, proxied_ms = (
            np.array(near.taken_ms, dtype=np.float64) for near in (self._direct, self._proxied)
        )
        if not len(direct_ms) or not len(proxied_ms):
            return None
        return overhead_of(direct_ms, proxied_ms)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._direct.send()
        loop.call_later(_EVERY_S / 2, self._proxied.send)
        self._timer = loop.call_later(_EVERY_S, self._tick, loop)


def overhead_of(
    direct_ms: npt.NDArray[np.float64], proxied_ms: npt.NDArray[np.float64]
) -> ProxyOverhead:
    """Sum up round trips without and through the proxy, in milliseconds, neither empty."""
    direct_p50, direct_p99 = (float(value) for value in np.percentile(direct_ms, (50, 99)))
    proxied_p50, proxied_p99 = (float(value) for value in np.percentile(proxied_ms, (50, 99)))
    return ProxyOverhead(
        round_trips=min(len(direct_ms), len(proxied_ms)),
        direct_p50_ms=direct_p50,
        direct_p99_ms=direct_p99,
        proxied_p50_ms=proxied_p50,
        proxied_p99_ms=proxied_p99,
    )
