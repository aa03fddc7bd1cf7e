"""Reads all sockets of one event loop, and knows when they were looked at before.

The kernel stamps what it receives, but bytes that wait together get one stamp, that of the last.
What arrived first among them arrived after the socket was last seen with nothing to read. So that
this is never long ago, the sockets are looked at by one set of their own, every few milliseconds
also when nothing happens.
"""

import asyncio
import sys
import weakref
from typing import Protocol

from harness.clock import WallOffset, now_ns
from harness.model import NS_PER_MS, NS_PER_S
from harness.transport.epoll import READ, WRITE, Epoll
from harness.transport.system_calls import StampedReads

READ_AT_MOST_BYTES = 65_536
# Sockets that are read before the loop comes round to what else is due.
_SOCKETS_AT_ONCE = 16
# How long ago the last look is at most while the loop is idle. Waking for it takes 5 µs.
_LOOK_EVERY_NS = 4 * NS_PER_MS


class Pollable(Protocol):
    """A socket that is looked at."""

    def readable(self) -> None:
        """Read once."""

    def writable(self) -> None:
        """Write what waits."""

    def crashed(self, error: Exception) -> None:
        """Close: what was read has met a bug."""

    def drop(self) -> None:
        """Close without telling anybody."""


class Poller:
    """The sockets of one loop, looked at by the loop itself. Get it with `poller_of`.

    Attributes:
        reads: What reads stamped bytes.
        offset: Between wall time, which the kernel stamps with, and the monotonic clock.
        looked_ns: When all sockets were looked at.
        since_ns: When they were looked at before. What was not ready then, or has been read empty
            after, has got what can be read now later than this.
        looks: How often they were looked at.
        clock_stood: Whether wall time was not set between the last two looks; if it was, stamps of
            what arrived meanwhile mean nothing.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # Not to keep it: loops are known by themselves.
        self._loop = weakref.ref(loop)
        self.reads = StampedReads(READ_AT_MOST_BYTES)
        self.offset = WallOffset()
        self.looked_ns = self.since_ns = now_ns()
        self.looks = 1
        self.clock_stood = True
        self._sockets: dict[int, Pollable] = {}
        self._awake = False

    def add(self, fileno: int, sock: Pollable) -> None:
        """Look at a socket from now on."""
        self._sockets[fileno] = sock
        self._watch(fileno, READ)
        if not self._awake:
            self._awake = True
            self._wake()

    def want_to_write(self, fileno: int, wanted: bool) -> None:
        """Say whether the socket has something waiting to be written."""
        if fileno in self._sockets:
            self._watch(fileno, READ | WRITE if wanted else READ)

    def write_only(self, fileno: int) -> None:
        """Read a socket no more."""
        if fileno in self._sockets:
            self._watch(fileno, WRITE)

    def pause(self, fileno: int) -> None:
        """Neither read a socket nor write to it, until `want_to_write`."""
        if fileno in self._sockets:
            self._watch(fileno, 0)

    def remove(self, fileno: int) -> None:
        """Look at a socket no more, before it is closed."""
        if self._sockets.pop(fileno, None) is not None:
            self._watch(fileno, 0)

    def close(self) -> None:
        """Close all sockets without telling anybody."""
        for sock in tuple(self._sockets.values()):
            sock.drop()

    def _watch(self, fileno: int, events: int) -> None:
        loop = self._loop()
        if loop is None or loop.is_closed():
            return
        if events & READ:
            loop.add_reader(fileno, self._serve, fileno, READ)
        else:
            loop.remove_reader(fileno)
        if events & WRITE:
            loop.add_writer(fileno, self._serve, fileno, WRITE)
        else:
            loop.remove_writer(fileno)

    def _serve(self, fileno: int, events: int) -> None:
        """Read a socket, or write to it."""
        sock = self._sockets.get(fileno)
        if sock is None:
            return
        try:
            if events != WRITE:
                sock.readable()
            if events & WRITE:
                sock.writable()
        except Exception as error:
            sock.crashed(error)

    def _look(self) -> None:
        """Note that the loop has looked at all sockets since this was noted before."""
        self.looks += 1
        self.since_ns = self.looked_ns
        self.looked_ns = looked_ns = now_ns()
        self.clock_stood = self.offset.still_holds(looked_ns)

    def _wake(self) -> None:
        """Look, if nothing else made it look for a while."""
        if not self._sockets:
            self._awake = False
            return
        if now_ns() - self.looked_ns >= _LOOK_EVERY_NS:
            self._look()
        wait_ns = self.looked_ns + _LOOK_EVERY_NS - now_ns()
        # The handle is not kept: it would keep the loop.
        asyncio.get_running_loop().call_later(max(NS_PER_MS, wait_ns) / NS_PER_S, self._wake)


class EpollPoller(Poller):
    """The sockets of one loop in a set of their own: when they were looked at is known exactly."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._set = Epoll()
        # Of the last look, those that are not served yet.
        self._ready: list[tuple[int, int]] = []
        loop.add_reader(self._set.fileno, self._come_by)

    def close(self) -> None:
        """See above."""
        super().close()
        self._ready.clear()
        self._set.close()

    def _watch(self, fileno: int, events: int) -> None:
        if events:
            self._set.watch(fileno, events)
        else:
            self._set.forget(fileno)

    def _come_by(self) -> None:
        """Serve some of what is ready. The loop comes back at once for the rest."""
        if not self._ready:
            self._look()
        ready, self._ready = self._ready[:_SOCKETS_AT_ONCE], self._ready[_SOCKETS_AT_ONCE:]
        for events, fileno in ready:
            self._serve(fileno, events)

    def _look(self) -> None:
        if self._ready:
            return
        self.looks += 1
        self.since_ns = self.looked_ns
        self.looked_ns = looked_ns = now_ns()
        self._ready = self._set.ready()
        self.clock_stood = self.offset.still_holds(looked_ns)


_pollers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Poller] = weakref.WeakKeyDictionary()


def poller_of(loop: asyncio.AbstractEventLoop) -> Poller:
    """Return the one poller of a loop."""
    found = _pollers.get(loop)
    if found is None:
        found = _pollers[loop] = EpollPoller(loop) if sys.platform == "linux" else Poller(loop)
    return found


def release(loop: asyncio.AbstractEventLoop) -> None:
    """Close what is still open on a loop that is about to be closed, and report none of it."""
    found = _pollers.pop(loop, None)
    if found is not None:
        found.close()
