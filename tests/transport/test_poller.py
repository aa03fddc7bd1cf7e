"""The poller: one for each loop, and what is left when the loop is closed."""

import asyncio
import socket

from harness.transport.poller import Poller, poller_of, release
from harness.transport.stamped_socket import StampedSocket
from harness.transport.system_calls import new_socket
from tests.transport.conftest import Pair, Reads


def test_a_loop_has_one_poller() -> None:
    async def own() -> Poller:
        loop = asyncio.get_running_loop()
        assert poller_of(loop) is poller_of(loop)
        return poller_of(loop)

    assert asyncio.run(own()) is not asyncio.run(own())


def test_what_a_closed_loop_leaves_is_closed_and_reported_to_nobody(pair: Pair) -> None:
    loop = asyncio.new_event_loop()

    async def begin() -> Reads:
        ours, sink = await pair.stamped(), Reads()
        ours.start(sink)
        return sink

    sink = loop.run_until_complete(begin())
    release(loop)
    loop.close()
    pair.theirs.settimeout(10)
    assert pair.theirs.recv(1) == b""
    assert not sink.over.done()


class Waking(Poller):
    """Says when it has looked."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.looked = asyncio.Event()

    def _look(self) -> None:
        super()._look()
        self.looked.set()


def test_a_loop_without_a_set_of_sockets_reads_and_writes_all_the_same(pair: Pair) -> None:
    # As on a system that has no epoll.
    async def meet() -> tuple[Reads, bytes]:
        loop = asyncio.get_running_loop()
        poller = Waking(loop)
        sock = new_socket(socket.AF_INET, socket.SOCK_STREAM, 0)
        await loop.sock_connect(sock, pair.listener.getsockname())
        pair.theirs, _ = pair.listener.accept()
        pair.theirs.setblocking(False)
        ours, sink = StampedSocket(sock, poller), Reads()
        ours.start(sink)
        pair.theirs.send(b"hello")
        await sink.until(5)
        sent, got = b"x" * 3_000_000, b""
        ours.write(sent)
        async with asyncio.timeout(10):
            while len(got) < len(sent):
                got += await loop.sock_recv(pair.theirs, 2**20)
            await poller.looked.wait()
            pair.theirs.send(b"bye")
            await sink.until(8)
            pair.theirs.close()
            await sink.over
        return sink, got

    sink, got = asyncio.run(meet())
    assert sink.data == b"hellobye"
    assert len(got) == 3_000_000
    assert all(since_ns <= at_ns for _, at_ns, since_ns, _ in sink.reads)
