"""Connections of the simulator over loopback: what they are stamped with, and when they leave."""

import asyncio
import errno
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from harness.clock import now_ns
from harness.simulator.wire.stamped_listener import StampedListener, StampedTransport

MS = 1_000_000


class _Served(asyncio.Protocol):
    """Takes what one client sends."""

    def __init__(self, sock: socket.socket, unread_bytes: int) -> None:
        self.reads: list[tuple[bytes, int]] = []
        self.lost: list[Exception | None] = []
        self.transport = StampedTransport(sock, unread_bytes)
        self.transport.start(lambda data, at_ns: self.reads.append((data, at_ns)), self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.append(exc)

    @property
    def data(self) -> bytes:
        return b"".join(data for data, _ in self.reads)


def _has_more(served: _Served, count: int) -> bool:
    return len(served.data) > count


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise TimeoutError


def with_client(
    talk: Callable[[_Served, socket.socket], Awaitable[None]], unread_bytes: int = 2**20
) -> None:
    async def meet() -> None:
        served: list[_Served] = []
        listener = StampedListener(lambda sock: served.append(_Served(sock, unread_bytes)))
        await listener.start("127.0.0.1", 0, 8)
        with socket.create_connection(("127.0.0.1", listener.port), timeout=10) as client:
            await until(lambda: bool(served))
            await talk(served[0], client)
            served[0].transport.abort()
        listener.close()

    asyncio.run(meet())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps")
def test_bytes_read_late_have_the_instant_of_their_arrival() -> None:
    async def talk(served: _Served, client: socket.socket) -> None:
        # The kernel begins to stamp a moment after the first socket has asked for it.
        for _ in range(100):
            count = len(served.data)
            sent: list[int] = []

            def send(sent: list[int] = sent) -> None:
                client.sendall(b"x")
                sent.append(now_ns())
                time.sleep(0.03)

            thread = threading.Thread(target=send)
            thread.start()
            thread.join()
            read_ns = now_ns()
            await until(partial(_has_more, served, count))
            if read_ns - served.reads[-1][1] >= 25 * MS:
                # A machine that interrupts between sending and noting it makes this longer only.
                assert served.reads[-1][1] <= sent[0]
                return
        raise AssertionError("every stamp is of the loop")

    with_client(talk)


def test_what_is_written_has_left_before_the_loop_comes_round() -> None:
    async def talk(served: _Served, client: socket.socket) -> None:
        served.transport.write(b"now")
        assert client.recv(10) == b"now"

    with_client(talk)


def test_while_it_is_paused_nothing_is_read_and_all_of_it_after() -> None:
    async def talk(served: _Served, client: socket.socket) -> None:
        client.sendall(b"before")
        await until(lambda: served.data == b"before")
        served.transport.pause_reading()
        assert not served.transport.is_reading()
        client.sendall(b", meanwhile")
        served.transport.write(b"heard")
        assert client.recv(10) == b"heard"
        await asyncio.sleep(0.02)
        assert served.data == b"before"
        served.transport.resume_reading()
        await until(lambda: served.data == b"before, meanwhile")
        assert served.transport.is_reading()

    with_client(talk)


def test_a_client_that_reads_nothing_is_given_up() -> None:
    async def talk(served: _Served, _client: socket.socket) -> None:
        for _ in range(1000):
            served.transport.write(bytes(2**16))
        await until(lambda: bool(served.lost))
        (error,) = served.lost
        assert isinstance(error, OSError)
        assert error.errno == errno.ENOBUFS

    with_client(talk)


def test_the_end_of_the_client_is_told_once() -> None:
    async def talk(served: _Served, client: socket.socket) -> None:
        client.close()
        await until(lambda: bool(served.lost))
        served.transport.abort()
        await asyncio.sleep(0)
        assert served.lost == [None]

    with_client(talk)


def test_a_reset_is_one() -> None:
    async def talk(served: _Served, client: socket.socket) -> None:
        served.transport.reset()
        with pytest.raises(ConnectionResetError):
            client.recv(1)

    with_client(talk)


def test_a_name_with_several_addresses_has_one_port() -> None:
    async def meet() -> None:
        served: list[_Served] = []
        listener = StampedListener(lambda sock: served.append(_Served(sock, 2**20)))
        await listener.start("localhost", 0, 8)
        socket.create_connection(("localhost", listener.port), timeout=10).close()
        await until(lambda: bool(served))
        listener.close()
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", listener.port), timeout=10)

    asyncio.run(meet())
