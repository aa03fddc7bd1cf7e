"""Wakes the event loop at an instant, finer than the loop's own timers, which count milliseconds.

Linux has timers that are read like files and are good to some tens of microseconds. Elsewhere the
loop's timer is set to the whole millisecond before the instant, and what is left is spent going
round the loop.
"""

import asyncio
import ctypes
import os
import struct
import sys
from collections.abc import Callable

from harness.clock import now_ns
from harness.model import NS_PER_MS, NS_PER_S

# From the Linux headers: the clock that `now_ns` reads, and a timer set to an instant of it.
_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1
_TIMES = struct.Struct("@4q")  # period and first instant, each in seconds and nanoseconds


class Timer:
    """Calls back at the instant it was set to last, never before it.

    Args:
        loop: The event loop.
        callback: What to call; it may set the timer again.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        self._loop, self._callback = loop, callback
        self._handle: asyncio.Handle | None = None
        self._due_ns = 0
        self._closed = False
        self._file: int | None = None
        if sys.platform == "linux":
            self._system = ctypes.CDLL(None)
            made = self._system.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
            if made >= 0:
                self._file = made
                loop.add_reader(made, self._ring)

    def set(self, due_ns: int) -> None:
        """Call back at `due_ns`; at the loop's next turn when that has passed."""
        if self._file is not None:
            # All zeros would stop the timer.
            seconds, rest = divmod(max(1, due_ns), NS_PER_S)
            times = _TIMES.pack(0, 0, seconds, rest)
            self._system.timerfd_settime(self._file, _ABSOLUTE, times, None)
            return
        if self._handle is not None:
            self._handle.cancel()
        if self._closed:
            return
        self._due_ns = due_ns
        wait_ms = due_ns // NS_PER_MS - now_ns() // NS_PER_MS - 1
        if wait_ms > 0:
            self._handle = self._loop.call_later(wait_ms / 1000, self._look)
        else:
            self._handle = self._loop.call_soon(self._look)

    def close(self) -> None:
        """Never call back again."""
        self._closed = True
        if self._handle is not None:
            self._handle.cancel()
        if self._file is not None:
            self._loop.remove_reader(self._file)
            os.close(self._file)
            self._file = None

    def _ring(self) -> None:
        assert self._file is not None
        try:
            os.read(self._file, 8)
        except BlockingIOError:
            return  # set to a later instant since
        self._callback()

    def _look(self) -> None:
        if now_ns() < self._due_ns:
            self.set(self._due_ns)
        else:
            self._callback()
