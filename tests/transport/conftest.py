"""Sockets over loopback whose other end a test holds itself."""

import asyncio
import select
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.clock import now_ns
from harness.errors import Fault
from harness.model import NS_PER_S, StampBound
from harness.transport.poller import poller_of
from harness.transport.stamped_socket import StampedSocket
from harness.transport.system_calls import StampedReads, ask_for_stamps, new_socket


class Pair:
    """A listening socket, and what connects to it."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        # What the kernel takes of ours before it is read, besides what is on the way.
        self.room = 2**20
        self.theirs: socket.socket

    async def stamped(self) -> StampedSocket:
        """Return our end; the other one is `theirs`."""
        loop = asyncio.get_running_loop()
        ours = new_socket(socket.AF_INET, socket.SOCK_STREAM, 0)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.room)
        await loop.sock_connect(ours, self.listener.getsockname())
        self.theirs, _ = self.listener.accept()
        self.theirs.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if ask_for_stamps(ours):
            self._until_stamped(ours)
        return StampedSocket(ours, poller_of(loop))

    def _until_stamped(self, ours: socket.socket) -> None:
        """Wait for the kernel: it begins to stamp a moment after the first one has asked for it."""
        reads, until_ns = StampedReads(10), now_ns() + 10 * NS_PER_S
        while now_ns() < until_ns:
            self.theirs.sendall(b"x")
            assert select.select([ours.fileno()], [], [], 10)[0]
            if reads.receive(ours.fileno())[1] is not None:
                return
        raise TimeoutError


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.listener.close()
    if hasattr(made, "theirs"):
        made.theirs.close()


class Reads:
    """A sink that keeps what it received."""

    def __init__(self) -> None:
        self.reads: list[tuple[bytes, int, int, StampBound]] = []
        self.over: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self.came = asyncio.Event()

    @property
    def data(self) -> bytes:
        return b"".join(data for data, *_ in self.reads)

    def received(self, data: bytes, at_ns: int, since_ns: int, last: StampBound) -> None:
        self.reads.append((data, at_ns, since_ns, last))
        self.came.set()

    def ended(self, error: Exception | None) -> None:
        self.over.set_result(error)
        self.came.set()

    async def until(self, size: int) -> None:
        """Wait until so many bytes have come."""
        async with asyncio.timeout(10):
            while len(self.data) < size:
                self.came.clear()
                await self.came.wait()


class Ear:
    """Notes what the connection tells."""

    def __init__(self) -> None:
        self.upgraded_ns: int | None = None
        self.messages: list[tuple[bytes, int]] = []
        self.round_trips_ns: list[int] = []
        self.over: asyncio.Future[tuple[int | None, Fault | None]] = (
            asyncio.get_running_loop().create_future()
        )
        self.arrived = asyncio.Event()

    def upgraded(self, at_ns: int) -> None:
        self.upgraded_ns = at_ns
        self.arrived.set()

    def message(self, data: bytes, at_ns: int, bound: StampBound) -> None:
        self.messages.append((data, at_ns))
        self.arrived.set()

    def pong(self, round_trip_ns: int) -> None:
        self.round_trips_ns.append(round_trip_ns)
        self.arrived.set()

    def gone(self, at_ns: int, close_code: int | None, fault: Fault | None) -> None:
        self.over.set_result((close_code, fault))


async def until(ear: Ear, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            ear.arrived.clear()
            await ear.arrived.wait()


class TlsServer:
    """A server with a certificate of an authority of our own, made for one test."""

    def __init__(self, folder: Path) -> None:
        self.authority, key = folder / "ca.pem", folder / "key.pem"
        words = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost"
        names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        files = ["-keyout", str(key), "-out", str(self.authority)]
        subprocess.run(["openssl", *words.split(), *names, *files], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.authority, key)


@pytest.fixture(scope="session")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> TlsServer:
    return TlsServer(tmp_path_factory.mktemp("tls"))
