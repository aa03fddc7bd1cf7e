"""Changes to toxics while calls run, over connections that stay open, on the loop that sends audio.

The client library opens a connection for every request and blocks; a stall schedule asks for
hundreds of changes a second, each at its moment. This is as much of HTTP/1.1 as Toxiproxy speaks.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

Done = Callable[[bool], None]

_CONNECTIONS = 4
_LIMIT_S = 1.0
_HEAD_BYTES = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Where a Toxiproxy listens for orders.

    Attributes:
        host: Name or address.
        port: Port.
        token: What it wants to be shown, empty for nothing.
    """

    host: str
    port: int
    token: str = ""

    def __repr__(self) -> str:
        """Leave the token out."""
        return f"Api({self.host}:{self.port})"

    @property
    def url(self) -> str:
        """Address without the token."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def request(self, method: str, path: str, body: dict[str, object]) -> bytes:
        """Return a request ready to be written."""
        content = json.dumps(body, separators=(",", ":")).encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            "User-Agent: harness",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
        ]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        return "\r\n".join([*lines, "", ""]).encode() + content


class Updates:
    """A few connections to one Toxiproxy; requests go out in the order they come.

    Use it on one loop's thread. What is not answered within a second counts as failed, and its
    connection is given up.

    Args:
        api: Where to.
        loop: The running loop.
    """

    def __init__(self, api: Api, loop: asyncio.AbstractEventLoop) -> None:
        self._api, self._loop = api, loop
        self._waiting: deque[tuple[bytes, Done]] = deque()
        self._idle: list[_Connection] = []
        self._connections: set[_Connection] = set()
        self._dialling: set[asyncio.Task[None]] = set()
        self._closed = False

    def send(self, request: bytes, done: Done) -> None:
        """Send a request; `done` is called once with whether it was carried out."""
        self._waiting.append((request, done))
        self._go_on()

    def close(self) -> None:
        """Close all connections; what waits is never sent."""
        self._closed = True
        self._waiting.clear()
        for task in self._dialling:
            task.cancel()
        for connection in tuple(self._connections):
            connection.close()

    def _go_on(self) -> None:
        while self._waiting and self._idle:
            self._idle.pop().send(*self._waiting.popleft())
        wanted = min(len(self._waiting), _CONNECTIONS - len(self._connections))
        for _ in range(wanted - len(self._dialling)):
            task = self._loop.create_task(self._dial())
            self._dialling.add(task)
            task.add_done_callback(self._dialled)

    def _dialled(self, task: "asyncio.Task[None]") -> None:
        self._dialling.discard(task)
        if not self._closed:
            self._go_on()

    async def _dial(self) -> None:
        try:
            async with asyncio.timeout(_LIMIT_S):
                await self._loop.create_connection(
                    lambda: _Connection(self._loop, self._ready, self._gone),
                    self._api.host,
                    self._api.port,
                )
        except OSError:  # a TimeoutError is one
            if self._waiting:
                self._waiting.popleft()[1](False)

    def _ready(self, connection: "_Connection") -> None:
        if self._closed:
            connection.close()
            return
        self._connections.add(connection)
        self._idle.append(connection)
        self._go_on()

    def _gone(self, connection: "_Connection") -> None:
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if not self._closed:
            self._go_on()


class _Connection(asyncio.Protocol):
    """One connection with at most one request on it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        ready: Callable[["_Connection"], None],
        gone: Callable[["_Connection"], None],
    ) -> None:
        self._loop, self._ready, self._gone = loop, ready, gone
        self._transport: asyncio.Transport | None = None
        self._done: Done | None = None
        self._limit: asyncio.TimerHandle | None = None
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of no such class
        self._ready(self)

    def send(self, request: bytes, done: Done) -> None:
        assert self._transport is not None
        self._done = done
        self._limit = self._loop.call_later(_LIMIT_S, self.close)
        self._transport.write(request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._held += data
        head, found, body = self._held.partition(b"\r\n\r\n")
        if not found:
            if len(self._held) > _HEAD_BYTES:
                self.close()
            return
        lines = head.lower().split(b"\r\n")
        length = next(
            (line[15:].strip() for line in lines if line.startswith(b"content-length:")), b"x"
        )
        if not length.isdigit():
            self._finish(_is_ok(lines[0]))
            self.close()
        elif len(body) >= int(length):
            self._held = b""
            self._finish(_is_ok(lines[0]))
            self._ready(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._gone(self)
        self._finish(False)

    def _finish(self, good: bool) -> None:
        done, self._done = self._done, None
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        if done is not None:
            done(good)


def _is_ok(status_line: bytes) -> bool:
    return status_line.split(b" ")[1:2] in ([b"200"], [b"201"], [b"204"])
