"""Changes to toxics while calls run, over connections that stay open, on the loop that sends audio.

The client library opens a connection for every request and blocks; a stall schedule asks for
hundreds of changes a second, each at its own time. This is as much of HTTP/1.1 as Toxiproxy speaks.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from harness.clock import now_ns
from harness.model import NS_PER_S

Done = Callable[[bool], None]

_CONNECTIONS = 8
_LIMIT_S, _LOOK_S = 1.0, 0.1
_LENGTH = b"\r\nContent-Length:"
_OK = (b"200", b"201", b"204")
_HEAD_BYTES = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAddress:
    """Where the API of a Toxiproxy listens.

    Attributes:
        host: Name or address.
        port: Port.
        token: Bearer token that it requires, empty for none.
    """

    host: str
    port: int
    token: str = ""

    def __repr__(self) -> str:
        """Leave the token out."""
        return f"ApiAddress({self.host}:{self.port})"

    @property
    def url(self) -> str:
        """Address without the token."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def request(self, method: str, path: str, body: Mapping[str, object]) -> bytes:
        """Return a request ready to be written."""
        return self.head(method, path).body(body)

    def head(self, method: str, path: str) -> "Head":
        """Return what requests of one kind to one path have in common."""
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            "User-Agent: harness",
            "Content-Type: application/json",
        ]
        if self.token:
            lines.append(f"Authorization: Bearer {self.token}")
        return Head("\r\n".join([*lines, "Content-Length: "]).encode())


class Head:
    """The beginning of a request; it may hold a token and has no representation of its own."""

    __slots__ = ("_bytes",)

    def __init__(self, content: bytes) -> None:
        self._bytes = content

    def body(self, body: Mapping[str, object]) -> bytes:
        """Return the request with this body, ready to be written."""
        content = json.dumps(body, separators=(",", ":")).encode()
        return b"%b%d\r\n\r\n%b" % (self._bytes, len(content), content)


class ToxicClient:
    """A few connections to one Toxiproxy; requests go out in the order they come.

    Use it on one loop's thread. What is not answered within a second counts as failed, and its
    connection is given up.

    Args:
        api: Where to.
        loop: The running loop.
    """

    def __init__(self, api: ApiAddress, loop: asyncio.AbstractEventLoop) -> None:
        self._api, self._loop = api, loop
        self._waiting: deque[tuple[bytes, Done]] = deque()
        self._idle: list[_Connection] = []
        self._connections: set[_Connection] = set()
        self._dialling: set[asyncio.Task[None]] = set()
        self._closed = False
        self._look = loop.call_later(_LOOK_S, self._look_after)

    def send(self, request: bytes, done: Done) -> None:
        """Send a request; `done` is called once with whether it was carried out."""
        if self._idle and not self._waiting:
            self._idle.pop().send(request, done)
            return
        self._waiting.append((request, done))
        self._go_on()

    def close(self) -> None:
        """Close all connections; what waits is never sent."""
        self._closed = True
        self._look.cancel()
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

    def _look_after(self) -> None:
        """Close connections whose request is overdue; cheaper than a timer a request."""
        too_old_ns = now_ns() - round(_LIMIT_S * NS_PER_S)
        for connection in tuple(self._connections):
            if connection.asked_ns is not None and connection.asked_ns < too_old_ns:
                connection.close()
        self._look = self._loop.call_later(_LOOK_S, self._look_after)

    def _dialled(self, task: "asyncio.Task[None]") -> None:
        self._dialling.discard(task)
        if not self._closed:
            self._go_on()

    async def _dial(self) -> None:
        try:
            async with asyncio.timeout(_LIMIT_S):
                await self._loop.create_connection(
                    lambda: _Connection(self._ready, self._gone), self._api.host, self._api.port
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
        if self._waiting:
            self._go_on()

    def _gone(self, connection: "_Connection") -> None:
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if not self._closed:
            self._go_on()


class _Connection(asyncio.Protocol):
    """One connection with at most one request on it.

    Attributes:
        asked_ns: When the request went out that is not answered yet, `None` when there is none.
    """

    __slots__ = ("_done", "_gone", "_held", "_ready", "_transport", "asked_ns")

    def __init__(
        self, ready: Callable[["_Connection"], None], gone: Callable[["_Connection"], None]
    ) -> None:
        self._ready, self._gone = ready, gone
        self._transport: asyncio.Transport | None = None
        self._done: Done | None = None
        self._held = b""
        self.asked_ns: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of no such class
        self._ready(self)

    def send(self, request: bytes, done: Done) -> None:
        assert self._transport is not None
        self._done, self.asked_ns = done, now_ns()
        self._transport.write(request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._held:
            data = self._held + data
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._held = data
            if len(data) > _HEAD_BYTES:
                self.close()
            return
        length = _length(data, end)
        if length is None:
            self._finish(_is_ok(data))
            self.close()
        elif len(data) - end - 4 >= length:
            self._held = b""
            self._finish(_is_ok(data))
            self._ready(self)
        else:
            self._held = data

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._gone(self)
        self._finish(False)

    def _finish(self, good: bool) -> None:
        done, self._done, self.asked_ns = self._done, None, None
        if done is not None:
            done(good)


def _length(data: bytes, end: int) -> int | None:
    """Return the length of an answer's body, `None` when the head does not say."""
    at = data.find(_LENGTH, 0, end)  # as Go writes it
    if at < 0:
        at = data[:end].lower().find(_LENGTH.lower())
        if at < 0:
            return None
    digits = data[at + len(_LENGTH) : end].split(b"\r", 1)[0].strip()
    return int(digits) if digits.isdigit() else None


def _is_ok(answer: bytes) -> bool:
    return answer[9:12] in _OK
