"""One heap of deadlines for the whole server, and one timer of the event loop armed to the first.

A session adds a deadline without a task and without a timer of the loop, so that thousands of
replies cost what their deadlines cost. The loop's own timers have a grain of 1 ms, which is too
coarse: the timer is armed to the whole millisecond before the deadline, and what is left of it,
less than 1 ms, is spent going round the loop. A deadline is never met early.
"""

import asyncio
import heapq
from collections.abc import Callable

from harness.clock import NS_PER_MS, now_ns


class Timer:
    """A deadline that can be called off."""

    __slots__ = ("callback", "due_ns")

    def __init__(self, due_ns: int, callback: Callable[[], None]) -> None:
        self.due_ns = due_ns
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Call it off; harmless when it has already fired."""
        self.callback = None


class Timers:
    """All deadlines of a server.

    Args:
        loop: The event loop everything runs on.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heap: list[tuple[int, int, Timer]] = []
        self._added = 0
        self._armed: asyncio.Handle | None = None
        self._armed_ns = 0
        self._firing = False

    def at(self, due_ns: int, callback: Callable[[], None]) -> Timer:
        """Run `callback` once `due_ns` is reached; it must not raise.

        Args:
            due_ns: Instant on the monotonic clock. One in the past runs at the next turn of the
                loop, not inside this call.
            callback: What to do.
        """
        timer = Timer(due_ns, callback)
        self._added += 1
        heapq.heappush(self._heap, (due_ns, self._added, timer))
        if not self._firing:
            self._arm()
        return timer

    def close(self) -> None:
        """Forget every deadline."""
        self._heap.clear()
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None

    def _arm(self) -> None:
        """Arm the loop's timer to the earliest deadline, unless it already is."""
        while self._heap and self._heap[0][2].callback is None:
            heapq.heappop(self._heap)
        if not self._heap:
            return
        due_ns = self._heap[0][0]
        if self._armed is not None:
            if self._armed_ns <= due_ns:
                return
            self._armed.cancel()
        self._armed_ns = due_ns
        wait_ms = due_ns // NS_PER_MS - now_ns() // NS_PER_MS
        if wait_ms > 0:
            self._armed = self._loop.call_later(wait_ms / 1000, self._fire)
        else:
            self._armed = self._loop.call_soon(self._fire)

    def _fire(self) -> None:
        """Run everything that is due, in order, then arm for what is next."""
        self._armed = None
        self._firing = True
        limit_ns = now_ns()
        while self._heap and self._heap[0][0] <= limit_ns:
            timer = heapq.heappop(self._heap)[2]
            callback, timer.callback = timer.callback, None
            if callback is not None:
                callback()
        self._firing = False
        self._arm()
