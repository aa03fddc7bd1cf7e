"""One heap of deadlines for the whole server, and one timer that is set to the first.

A session adds a deadline without a task and without a timer of the loop, so that thousands of
responses cost what their deadlines cost. A deadline never fires early. Code that runs anyway may
fire what is due: so a release does not wait until all the audio that has queued up before it
has been processed.
"""

import asyncio
import heapq
from collections.abc import Callable

from harness.clock import now_ns
from harness.simulator.timing.timer import Timer

_NEVER_NS = 2**63


class Deadline:
    """A deadline that can be cancelled."""

    __slots__ = ("callback", "due_ns")

    def __init__(self, due_ns: int, callback: Callable[[], None]) -> None:
        self.due_ns = due_ns
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Cancel it; no effect once it has fired."""
        self.callback = None


class Deadlines:
    """All deadlines of a server.

    Args:
        loop: The event loop everything runs on.

    Attributes:
        next_ns: The earliest deadline, for code that runs anyway: `fire` once it has passed.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._heap: list[tuple[int, int, Deadline]] = []
        self._added = 0
        self._timer = Timer(loop, self.fire)
        self._set_ns = _NEVER_NS
        self._firing = False
        self.next_ns = _NEVER_NS

    def at(self, due_ns: int, callback: Callable[[], None]) -> Deadline:
        """Run `callback` once `due_ns` is reached; it must not raise.

        Args:
            due_ns: Instant on the monotonic clock. One in the past runs soon, not inside this
                call.
            callback: What to do.
        """
        deadline = Deadline(due_ns, callback)
        self._added += 1
        heapq.heappush(self._heap, (due_ns, self._added, deadline))
        if due_ns < self.next_ns and not self._firing:
            self._set()
        return deadline

    def fire(self) -> None:
        """Run everything that is due, in order, and set the timer to what is next."""
        self._firing = True
        limit_ns = now_ns()
        while self._heap and self._heap[0][0] <= limit_ns:
            deadline = heapq.heappop(self._heap)[2]
            callback, deadline.callback = deadline.callback, None
            if callback is not None:
                callback()
        self._firing = False
        self._set()

    def close(self) -> None:
        """Forget every deadline."""
        self._heap.clear()
        self._timer.close()
        self.next_ns = _NEVER_NS

    def _set(self) -> None:
        """Set the timer to the earliest deadline, unless it fires before that anyway."""
        while self._heap and self._heap[0][2].callback is None:
            heapq.heappop(self._heap)
        if not self._heap:
            self.next_ns = _NEVER_NS
            return
        self.next_ns = self._heap[0][0]
        if not now_ns() < self._set_ns <= self.next_ns:
            self._set_ns = self.next_ns
            self._timer.set(self.next_ns)
