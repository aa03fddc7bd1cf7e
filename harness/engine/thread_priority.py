"""Threads with priority over other programs, where the system allows it.

An ordinary thread that wakes up while others compute waits until they have had their share: tens of
milliseconds, on a machine whose cores are all busy. Systems have a real-time class for audio
threads; Linux grants it to root and to those to whom `rtprio` in limits.conf does.

The audio thread alone is not enough: another thread of the process that holds the interpreter, and
waits for a core, holds the audio up.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from harness.clock import now_ns

_REVIEW_EVERY_S = 1.0


class Level(NamedTuple):
    """How urgent a thread is.

    Attributes:
        priority: Larger ones go first; 1 goes before everything ordinary.
        too_busy: Share of a core beyond which the thread is an ordinary one, since little else
            would run.
        has_room: Share of a core below which it is a real-time thread again.
    """

    priority: int
    too_busy: float
    has_room: float


AUDIO = Level(2, too_busy=0.9, has_room=0.6)
# A thread that is mostly idle may take priority, one that computes may not.
BESIDE_AUDIO = Level(1, too_busy=0.5, has_room=0.3)


class ThreadPriority:
    """The priority of the thread that makes this.

    Args:
        level: How urgent it is.

    Attributes:
        is_realtime: Whether the thread goes before ordinary ones.
    """

    def __init__(self, level: Level) -> None:
        self._level = level
        self._thread = threading.get_native_id()
        self._allowed = self.is_realtime = _set_realtime(self._thread, level.priority)
        self._at_ns = now_ns()
        self._used_ns = _used_ns(self._thread) if self._allowed else 0

    def review(self) -> None:
        """Make the thread an ordinary one while it is too busy; may be called from any thread."""
        if not self._allowed:
            return
        at_ns, used_ns = now_ns(), _used_ns(self._thread)
        share = (used_ns - self._used_ns) / max(1, at_ns - self._at_ns)
        self._at_ns, self._used_ns = at_ns, used_ns
        if self.is_realtime and share > self._level.too_busy:
            _set_ordinary(self._thread)
            self.is_realtime = False
        elif not self.is_realtime and share < self._level.has_room:
            self.is_realtime = _set_realtime(self._thread, self._level.priority)

    def end(self) -> None:
        """Make the thread an ordinary one for good; idempotent."""
        if self.is_realtime:
            _set_ordinary(self._thread)
        self._allowed = self.is_realtime = False


@contextmanager
def before_others(level: Level) -> Iterator[None]:
    """Give this thread priority over other programs in the block, where the system allows it."""
    priority, ended = ThreadPriority(level), threading.Event()

    def review() -> None:
        while not ended.wait(_REVIEW_EVERY_S):
            priority.review()

    reviewing = threading.Thread(target=review, daemon=True)
    reviewing.start()
    try:
        yield
    finally:
        ended.set()
        reviewing.join()
        priority.end()


def realtime_allowed() -> bool:
    """Return whether a thread of this process may be a real-time thread."""
    asked = ThreadPriority(AUDIO)
    found = asked.is_realtime
    asked.end()
    return found


def _set_realtime(thread: int, priority: int) -> bool:
    """Make a thread a real-time thread; return whether it is one."""
    if not hasattr(os, "sched_setscheduler"):
        return False
    # What it starts is ordinary again: name look-ups, for one, happen in threads of their own.
    policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(thread, policy, os.sched_param(priority))
    except OSError:
        return False
    return True


def _set_ordinary(thread: int) -> None:
    # Only root may take the flag back.
    os.sched_setscheduler(thread, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))


def _used_ns(thread: int) -> int:
    """Return the processor time of a thread so far, by Linux's name for the clock that counts it.

    The name is made from the thread's as in MAKE_THREAD_CPUCLOCK of linux/posix-timers_types.h.
    """
    return time.clock_gettime_ns(~thread << 3 | 6)
