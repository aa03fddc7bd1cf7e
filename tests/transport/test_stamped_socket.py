"""The stamped socket over loopback: what the stamps say, and what is written."""

import asyncio
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any, cast

import pytest
import uvloop

from harness.clock import now_ns
from harness.model import EXACT
from harness.transport.poller import poller_of
from harness.transport.stamped_socket import StampedSocket
from tests.transport.conftest import Pair, Reads

MS = 1_000_000
# From the call that sends to where the kernel stamps, on a busy machine that interrupts between.
SLACK_NS = 5 * MS

kernel_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps")


def held_back(act: Callable[[], None]) -> None:
    """Run `act` in another thread while this one, and so its loop, stands still."""
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def spaced(spaces_ns: tuple[int, ...], step: Callable[[], None]) -> list[tuple[int, int]]:
    """Do `step` at least so far apart; return before and after each."""
    done = []
    for space_ns in spaces_ns:
        until_ns = now_ns() + space_ns
        while now_ns() < until_ns:
            pass
        before_ns = now_ns()
        step()
        done.append((before_ns, now_ns()))
    return done


@kernel_only
@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_late_read_has_the_stamp_of_the_arrival(
    new_loop: Callable[[], asyncio.AbstractEventLoop], pair: Pair
) -> None:
    sent: list[tuple[int, int]] = []

    async def meet() -> Reads:
        ours, sink = await pair.stamped(), Reads()
        ours.start(sink)

        def send_and_wait() -> None:
            sent.extend(spaced((0,), lambda: pair.theirs.sendall(b"early")))
            spaced((30 * MS,), lambda: None)

        held_back(send_and_wait)
        late_ns = now_ns()
        await sink.until(5)
        assert late_ns - sent[0][1] >= 30 * MS
        ours.abort()
        return sink

    with asyncio.Runner(loop_factory=new_loop) as runner:
        sink = runner.run(meet())
    ((data, at_ns, since_ns, last),) = sink.reads
    (before_ns, after_ns), *_ = sent
    assert (data, last) == (b"early", EXACT)
    assert before_ns <= at_ns <= after_ns + SLACK_NS
    assert since_ns <= at_ns


@kernel_only
@pytest.mark.parametrize("apart_ms", [2, 20, 60])
def test_what_was_read_together_arrived_between_the_look_before_and_the_stamp(
    apart_ms: int, pair: Pair
) -> None:
    sent: list[tuple[int, int]] = []

    async def meet() -> Reads:
        ours, sink = await pair.stamped(), Reads()
        ours.start(sink)
        held_back(
            lambda: sent.extend(
                spaced((0, apart_ms * MS), lambda: pair.theirs.sendall(b"x" * 6_000))
            )
        )
        await sink.until(12_000)
        ours.abort()
        return sink

    ((_, at_ns, since_ns, last),) = asyncio.run(meet()).reads
    assert last is EXACT
    assert since_ns < sent[0][0]
    assert sent[1][0] <= at_ns <= sent[1][1] + SLACK_NS


def test_a_loop_that_only_waits_looks_all_the_same(pair: Pair) -> None:
    async def meet() -> tuple[int, int]:
        ours, sink = await pair.stamped(), Reads()
        ours.start(sink)
        began_ns = now_ns()

        def send_late() -> None:
            spaced((300 * MS,), lambda: pair.theirs.sendall(b"late"))

        waiting = asyncio.get_running_loop().run_in_executor(None, send_late)
        await sink.until(4)
        await waiting
        ours.abort()
        return began_ns, sink.reads[0][2]

    began_ns, since_ns = asyncio.run(meet())
    assert since_ns - began_ns > 100 * MS


@kernel_only
def test_a_read_that_leaves_bytes_behind_knows_less(pair: Pair) -> None:
    # What fills a read has the stamp of whatever was joined to it, and what follows may be as old.
    async def meet() -> Reads:
        ours, sink = await pair.stamped(), Reads()
        ours.start(sink)
        pair.theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**20)
        held_back(lambda: pair.theirs.sendall(b"x" * 100_000))
        await sink.until(100_000)
        ours.abort()
        return sink

    reads = asyncio.run(meet()).reads
    first, second = reads[0], reads[1]
    assert len(first[0]) == 65_536
    assert first[3].uncertainty_ns == first[1] - first[2] > 0
    assert second[2] == first[2]
    assert reads[-1][3] == EXACT


@kernel_only
@pytest.mark.parametrize("step_ns", [-3_600_000 * MS, -50 * MS, 50 * MS, 3_600_000 * MS])
def test_when_wall_time_is_set_the_loop_stamps(step_ns: int, pair: Pair) -> None:
    async def meet() -> Reads:
        ours, sink = await pair.stamped(), Reads()
        ours.start(sink)
        poller = poller_of(asyncio.get_running_loop())
        # As if wall time had been so far off until now.
        held_back(lambda: pair.theirs.sendall(b"before"))
        poller.offset.ns -= step_ns
        await sink.until(6)
        pair.theirs.sendall(b"after")
        await sink.until(11)
        ours.abort()
        return sink

    began_ns = now_ns()
    before, after = asyncio.run(meet()).reads
    assert before[3].uncertainty_ns == 0
    assert before[3].delay_ns == before[1] - before[2] > 0
    assert began_ns < before[1] < after[1] < now_ns()
    assert after[3] == EXACT


def test_what_the_kernel_does_not_take_waits_and_keeps_its_order(pair: Pair) -> None:
    messages = [bytes([number]) * 50_000 for number in range(40)]
    pair.room = 16_384
    pair.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)

    async def meet() -> bytes:
        ours, sink = await pair.stamped(), Reads()
        ours.start(sink)
        for message in messages:
            ours.write(message)
        assert ours.waiting > 0
        ours.close()
        loop, got = asyncio.get_running_loop(), b""
        pair.theirs.setblocking(False)
        async with asyncio.timeout(10):
            while data := await loop.sock_recv(pair.theirs, 65_536):
                got += data
            await sink.over
        assert (ours.fileno, ours.waiting) == (-1, 0)
        return got

    assert asyncio.run(meet()) == b"".join(messages)


def test_what_another_sender_could_not_send_is_sent_after(pair: Pair) -> None:
    async def meet() -> bytes:
        ours = await pair.stamped()
        ours.start(Reads())
        sent = socket.socket(fileno=ours.fileno)
        sent.send(b"one ")
        sent.detach()
        ours.keep(b"two ")
        ours.write(b"three")
        ours.close()
        pair.theirs.setblocking(False)
        loop, got = asyncio.get_running_loop(), b""
        async with asyncio.timeout(10):
            while data := await loop.sock_recv(pair.theirs, 65_536):
                got += data
        return got

    assert asyncio.run(meet()) == b"one two three"


def test_who_never_reads_ends_the_connection(pair: Pair) -> None:
    async def meet() -> Exception | None:
        ours, sink = await pair.stamped(), Reads()
        ours.start(sink)
        for _ in range(200):
            ours.write(b"x" * 100_000)
        async with asyncio.timeout(10):
            return await sink.over

    assert isinstance(asyncio.run(meet()), OSError)


@pytest.mark.parametrize("reset", [True, False])
def test_the_end_is_told_once_and_nothing_is_written_after(reset: bool, pair: Pair) -> None:
    async def meet() -> tuple[Exception | None, StampedSocket]:
        ours, sink = await pair.stamped(), Reads()
        ours.start(sink)
        if reset:
            pair.theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        pair.theirs.close()
        async with asyncio.timeout(10):
            error = await sink.over
        ours.write(b"late")
        ours.keep(b"later")
        ours.abort()
        ours.close()
        await asyncio.sleep(0)
        return error, ours

    error, ours = asyncio.run(meet())
    assert isinstance(error, ConnectionResetError) if reset else error is None
    assert (ours.fileno, ours.waiting) == (-1, 0)


def test_a_sink_that_fails_costs_its_own_connection(pair: Pair) -> None:
    class Broken(Reads):
        def received(self, *_: object) -> None:
            raise ZeroDivisionError

    async def meet() -> Exception | None:
        ours, sink = await pair.stamped(), Broken()
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        ours.start(sink)
        pair.theirs.sendall(b"x")
        async with asyncio.timeout(10):
            return await sink.over

    assert isinstance(asyncio.run(meet()), ZeroDivisionError)


def test_bytes_that_came_during_a_pause_are_not_taken_for_later_ones(pair: Pair) -> None:
    async def meet() -> None:
        ours, sink = await pair.stamped(), Reads()
        ours.start(sink)
        pair.theirs.sendall(b"a")
        await sink.until(1)
        ours.pause()
        before_ns = now_ns()
        pair.theirs.sendall(b"b")
        await asyncio.sleep(0.05)
        assert sink.data == b"a"
        resumed_ns = now_ns()
        ours.resume()
        await sink.until(2)
        _, at_ns, since_ns, last = sink.reads[-1]
        assert since_ns <= before_ns
        assert at_ns - sum(last) <= resumed_ns
        ours.abort()

    asyncio.run(meet())


def test_what_waits_to_be_sent_during_a_pause_is_sent_after_it(pair: Pair) -> None:
    async def meet() -> bytes:
        ours, sink = await pair.stamped(), Reads()
        ours.start(sink)
        ours.pause()
        ours.keep(b"later")
        pair.theirs.setblocking(False)
        await asyncio.sleep(0.02)
        with pytest.raises(BlockingIOError):
            pair.theirs.recv(10)
        ours.resume()
        got = await asyncio.get_running_loop().sock_recv(pair.theirs, 10)
        ours.abort()
        return got

    assert asyncio.run(meet()) == b"later"


class _OfKernel:
    """A socket whose kernel tells how many packets came before ones sent earlier."""

    def __init__(self, sock: socket.socket, told: bytes) -> None:
        self._sock, self._told = sock, told

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        assert (level, option) == (socket.IPPROTO_TCP, socket.TCP_INFO)
        return self._told[:size]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


@kernel_only
@pytest.mark.parametrize(
    ("told", "accepted"),
    [
        pytest.param(bytes(228), True, id="in order"),
        pytest.param(bytes(224) + b"\1\0\0\0", False, id="overtaken"),
        pytest.param(bytes(200), False, id="an old kernel tells nothing"),
    ],
)
def test_a_late_byte_that_waited_for_lost_ones_before_it_has_no_stamp_of_its_own(
    pair: Pair, told: bytes, accepted: bool
) -> None:
    async def meet() -> tuple[Reads, int]:
        ours, sink = await pair.stamped(), Reads()
        ours._sock = cast("socket.socket", _OfKernel(ours._sock, told))
        ours.start(sink)

        def send_and_wait() -> None:
            pair.theirs.sendall(b"late")
            spaced((30 * MS,), lambda: None)

        held_back(send_and_wait)
        read_ns = now_ns()
        await sink.until(4)
        ours.abort()
        return sink, read_ns

    sink, read_ns = asyncio.run(meet())
    ((_, at_ns, since_ns, last),) = sink.reads
    assert (last == EXACT) == accepted
    assert (at_ns < read_ns) == accepted
    if not accepted:
        assert last.delay_ns == at_ns - since_ns >= 30 * MS
