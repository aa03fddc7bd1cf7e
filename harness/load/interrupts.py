"""Signals that end a run from outside: the first one drains it, the second ends everything."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

import gevent
import psutil

from harness.environment import ending_signals
from harness.errors import ExitCode

# Everything has ended two seconds after the second signal; the kernel enforces it sooner.
_CUT_LIMIT_S = 1.6


class Interrupts:
    """What Ctrl-C, SIGTERM and a terminal that is closed do to this process.

    Args:
        drain: Called once, in a greenlet of its own, for the first signal.
        cut: Called in a greenlet for the second; the process ends when it returns.

    Attributes:
        count: Signals so far.
    """

    def __init__(self, drain: Callable[[], None], cut: Callable[[], None]) -> None:
        self._drain, self._cut = drain, cut
        self.count = 0

    def handle_signals(self) -> None:
        """Handle them from now on, instead of an exception in whichever greenlet runs."""
        for number in ending_signals():
            signal.signal(number, self._came)

    def _came(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count == 1:
            gevent.spawn(self._drain)
        elif self.count == 2:
            # The kernel ends this process even when no greenlet gets to run any more.
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, _CUT_LIMIT_S)
            gevent.spawn(self._end)

    def _end(self) -> None:
        try:
            self._cut()
        finally:
            end_now()


def ignore_ctrl_c() -> None:
    """Leave the terminal's Ctrl-C to the master, from which it comes as a message."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def end_now() -> None:
    """End this process and those it started at once, with the exit code of an incomplete run."""
    end_children()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ExitCode.INVALID)


def end_children() -> None:
    """Kill the processes that this one started and that still run."""
    for child in psutil.Process().children():
        try:
            child.kill()
        except psutil.Error:
            continue
