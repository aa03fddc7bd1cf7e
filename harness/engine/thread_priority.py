"""The audio thread goes before other threads and programs, where the system lets it.

An ordinary thread that wakes up while others compute waits until they have had their share: tens of
milliseconds, on a machine whose cores are all busy. Systems have a real-time class for audio
threads; Linux grants it to root and to those to whom `rtprio` in limits.conf does.
"""

import os
import time

from harness.clock import now_ns

# The kernel's least: enough to go before everything ordinary.
_LEAST = 1
# A thread that takes more of a core than the first leaves too little for the rest of the process
# to end the run by; with less than the second it has room again.
_TOO_BUSY, _HAS_ROOM = 0.9, 0.6


class ThreadPriority:
    """The priority of the thread that makes this, and only of that.

    Attributes:
        is_realtime: Whether the thread goes before ordinary ones.
    """

    def __init__(self) -> None:
        self._allowed = self.is_realtime = _set_realtime()
        self._at_ns, self._used_ns = now_ns(), time.thread_time_ns()

    def review(self) -> None:
        """Be ordinary for as long as the thread is so busy that nothing else would run."""
        if not self._allowed:
            return
        at_ns, used_ns = now_ns(), time.thread_time_ns()
        share = (used_ns - self._used_ns) / max(1, at_ns - self._at_ns)
        self._at_ns, self._used_ns = at_ns, used_ns
        if self.is_realtime and share > _TOO_BUSY:
            _set_ordinary()
            self.is_realtime = False
        elif not self.is_realtime and share < _HAS_ROOM:
            self.is_realtime = _set_realtime()


def realtime_allowed() -> bool:
    """Return whether a thread of this process may be a real-time thread."""
    if not _set_realtime():
        return False
    _set_ordinary()
    return True


def _set_realtime() -> bool:
    """Make the calling thread a real-time thread; return whether it is one."""
    if not hasattr(os, "sched_setscheduler"):
        return False
    # What it starts is ordinary again: name look-ups, for one, happen in threads of their own.
    policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(0, policy, os.sched_param(_LEAST))
    except OSError:
        return False
    return True


def _set_ordinary() -> None:
    # Only root may take the flag back.
    os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))
