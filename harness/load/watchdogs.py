"""Ends of other processes of a distributed run that would otherwise be waited for without end."""

import os
import sys
from collections.abc import Callable
from typing import Any

import gevent
from locust.runners import STATE_INIT

from harness.errors import ExitCode
from harness.load.interrupts import end_now
from harness.load.worker_pool import forked_workers

_POLL_S = 0.5
# The master answers a heartbeat every second. Polls are counted, not seconds: a process that did
# not get to run has not been waiting.
_SILENT_POLLS = 40


def watch_master(runner: Any, forked: bool) -> None:
    """End this worker when its master is gone: nobody would take what it records.

    Args:
        runner: Locust's worker runner.
        forked: The master is this process's parent.
    """
    parent, heard, silent = os.getppid(), runner.last_heartbeat_timestamp, 0
    while True:
        gevent.sleep(_POLL_S)
        if forked and os.getppid() != parent:
            _end("the master ended without a word")
        latest = runner.last_heartbeat_timestamp
        silent = silent + 1 if latest == heard else 0
        heard = latest
        if silent > _SILENT_POLLS and latest is not None:
            _end("the master does not answer any more")


def watch_forked_workers(runner: Any, forked: int, end: Callable[[int], None]) -> None:
    """End the master when a worker that it forked ends before the run begins.

    Locust would wait for it without end.

    Args:
        runner: Locust's master runner.
        forked: Workers that it forked.
        end: Ends this process with a code.
    """
    while runner.state == STATE_INIT:
        if len(forked_workers()) < forked:
            words = "harness: a worker process ended before the run began"
            print(words, file=sys.stderr, flush=True)
            end(ExitCode.INVALID)
            return
        gevent.sleep(_POLL_S)


def _end(words: str) -> None:
    print(f"harness: {words}; this worker ends", file=sys.stderr, flush=True)
    end_now()
