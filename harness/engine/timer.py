"""A timer finer than the event loop's.

libuv counts whole milliseconds, which would make every frame half a millisecond late on average.
Linux has a timer that is read like a file and is good to some tens of microseconds; elsewhere
the loop's own timer is used, and the last millisecond is spent going round the loop.
"""

import asyncio
import ctypes
import os
import struct
import sys
from collections.abc import Callable

from harness.clock import now_ns
from harness.model import NS_PER_MS, NS_PER_S

_CLOCK_MONOTONIC = 1
_TFD_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000
_TFD_TIMER_ABSTIME = 1
_ITIMERSPEC = struct.Struct("@qqqq")


class DeadlineTimer:
    """Calls back once at each deadline it was armed for; the latest arming wins.

    Args:
        loop: The running loop.
        callback: What to call; it may arm the timer again.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._callback = callback
        self._handle: asyncio.Handle | None = None
        self._descriptor: int | None = None
        if sys.platform == "linux":
            # These calls take a microsecond; giving the interpreter away for it, and waiting to
            # get it back from a busy thread, takes up to its switch interval.
            self._libc = ctypes.PyDLL(None, use_errno=True)
            self._expirations = ctypes.create_string_buffer(8)
            descriptor = self._libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_NONBLOCK_CLOEXEC)
            if descriptor >= 0:
                self._descriptor = descriptor
                loop.add_reader(descriptor, self._read)

    def arm(self, deadline_ns: int) -> None:
        """Call back at `deadline_ns`, at once if that has passed."""
        if self._descriptor is not None:
            at_ns = max(1, deadline_ns)
            spec = _ITIMERSPEC.pack(0, 0, at_ns // NS_PER_S, at_ns % NS_PER_S)
            self._libc.timerfd_settime(self._descriptor, _TFD_TIMER_ABSTIME, spec, None)
            return
        if self._handle is not None:
            self._handle.cancel()
        wait_ns = deadline_ns - now_ns() - NS_PER_MS
        if wait_ns <= 0:
            self._handle = self._loop.call_soon(self._callback)
        else:
            self._handle = self._loop.call_later(wait_ns / NS_PER_S, self._callback)

    def close(self) -> None:
        """Never call back again."""
        if self._handle is not None:
            self._handle.cancel()
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _read(self) -> None:
        assert self._descriptor is not None
        if self._libc.read(self._descriptor, self._expirations, 8) == 8:
            self._callback()
