"""What listens: connections are accepted, counted and said goodbye to."""

import asyncio
import contextlib
import errno
import socket
from abc import ABC, abstractmethod
from pathlib import Path

from websockets.http11 import Request

from harness.errors import BadInput, sanitised
from harness.model import NS_PER_S
from harness.simulator.protocol.session_limits import Link, ServedSession
from harness.simulator.timing.deadlines import Deadlines
from harness.simulator.wire import plain_http
from harness.simulator.wire.connection import MOST_UNREAD_BYTES, Connection
from harness.simulator.wire.encryption import encrypted_by
from harness.simulator.wire.stamped_listener import StampedListener, StampedTransport
from harness.simulator.wire.upgrade import PATHS, Admitted, UpgradeDecision

_GOODBYE_S = 1.0
_BACKLOG = 1024


class WebSocketServer(ABC):
    """A server of sessions on a socket; what a session is, its subclass says.

    Args:
        host: Address to listen on.
        port: Port, 0 for a free one.
        ping_interval_s: Time between pings.
        certificate: PEM file of a certificate, which makes it a TLS server.
        private_key: PEM file of its key, when the certificate's file does not hold it.
    """

    deadlines: Deadlines

    def __init__(
        self,
        host: str,
        port: int,
        *,
        ping_interval_s: float,
        certificate: Path | None = None,
        private_key: Path | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._certificate, self._private_key = certificate, private_key
        self.ping_interval_ns = round(ping_interval_s * NS_PER_S)
        self._connections: set[Connection] = set()
        self._all_gone = asyncio.Event()
        self._server: asyncio.Server | StampedListener | None = None

    @abstractmethod
    def examine(self, request: Request) -> UpgradeDecision:
        """Decide on a request for a session."""

    @abstractmethod
    def new_session(self, link: Link, admitted: Admitted) -> ServedSession:
        """Make a session for a client that was let in."""

    def answer(self, request: plain_http.Request) -> bytes:
        """Answer a request that asks for no upgrade."""
        return plain_http.nothing_here()

    @property
    def connected(self) -> int:
        """How many connections there are."""
        return len(self._connections)

    def address(self, port: int) -> str:
        """Return where clients find it, once it listens on a port."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'ws' if self._certificate is None else 'wss'}://{host}:{port}{PATHS[0]}"

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            BadInput: The address cannot be listened on, or the certificate not used.
        """
        loop = asyncio.get_running_loop()
        encryption = encrypted_by(self._certificate, self._private_key)
        self.deadlines = Deadlines(loop)
        try:
            if encryption is None:
                listener = StampedListener(self._accept)
                await listener.start(self._host, self._port, _BACKLOG)
                self._server = listener
                return listener.port
            self._server = await loop.create_server(
                lambda: Connection(self),
                self._host,
                self._port,
                backlog=_BACKLOG,
                ssl=encryption,
            )
        except OSError as error:
            raise _cannot_listen(self._host, self._port, error) from error
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Say goodbye to every client and stop listening; harmless when not started."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for connection in tuple(self._connections):
            connection.close(1001, "going away")
        self._all_gone.clear()
        if self._connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_gone.wait(), _GOODBYE_S)
        for connection in tuple(self._connections):
            connection.abort()
        if self._connections:
            await self._all_gone.wait()
        self.deadlines.close()

    def entered(self, connection: Connection) -> None:
        """Note a new connection."""
        self._connections.add(connection)

    def left(self, connection: Connection) -> None:
        """Note that one is gone."""
        self._connections.discard(connection)
        if not self._connections:
            self._all_gone.set()

    def _accept(self, sock: socket.socket) -> None:
        transport, connection = StampedTransport(sock, MOST_UNREAD_BYTES), Connection(self)
        connection.connection_made(transport)
        transport.start(connection.received, connection)


def _cannot_listen(host: str, port: int, error: OSError) -> BadInput:
    where = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return BadInput(
            "the port is in use", where=where, hint="Choose another, or 0 for a free one"
        )
    words = sanitised(error.strerror or error)
    return BadInput(f"cannot listen: {words}", where=where, hint="Choose another host or port")
