"""Detects that another process of the run has ended, where a wait for it would never return."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
import gevent.socket
import psutil

from harness.errors import ExitCode
from harness.load.interrupts import end_now
from harness.load.worker_pool import READY, forked_workers, is_alive, is_stopped

# A worker is forked after this module has been imported.
_IMPORTED_BY = os.getpid()
_POLL_S, _STEP_S = 0.5, 0.05
# The master answers a heartbeat every second. Polls are counted, not seconds: a process that did
# not get to run has not been waiting.
_SILENT_POLLS = 40


def watch_parent() -> None:
    """End a worker when the master that forked it is gone: nobody would take what it records.

    Begun before the fork it goes on in every worker, also while that still looks for its master.
    In the master itself it does nothing.
    """
    while True:
        gevent.sleep(_POLL_S)
        if _IMPORTED_BY not in (os.getpid(), os.getppid()):
            _end("the master ended unexpectedly")


def watch_master(runner: Any) -> None:
    """End this worker when its master stops answering, on this machine or another.

    Args:
        runner: Locust's worker runner.
    """
    heard, silent = runner.last_heartbeat_timestamp, 0
    while True:
        gevent.sleep(_POLL_S)
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
    while runner.state == READY:
        if len(forked_workers()) < forked:
            words = "harness: a worker process ended before the run began"
            print(words, file=sys.stderr, flush=True)
            end(ExitCode.INVALID)
            return
        gevent.sleep(_POLL_S)


def end_forked_workers(limit_s: float) -> None:
    """Wait for the workers that this master forked, and kill those that do not end.

    They have been asked to end; one that is suspended or hangs would outlive the run.

    Args:
        limit_s: How long they may take.
    """
    workers = forked_workers()
    with gevent.Timeout(limit_s, False):
        while any(is_alive(worker) and not is_stopped(worker) for worker in workers):
            gevent.sleep(_STEP_S)
    for worker in filter(is_alive, workers):
        print(f"harness: worker process {worker.pid} did not end, and was killed", file=sys.stderr)
        with suppress(psutil.Error):
            worker.kill()


def watch_stdin(end: Callable[[], None]) -> None:
    """End the run when the process at the other end of stdin is gone or closes it."""
    descriptor = sys.stdin.fileno()
    while True:
        gevent.socket.wait_read(descriptor)
        if not os.read(descriptor, 4096):
            end()
            return


def _end(words: str) -> None:
    print(f"harness: {words}; this worker ends", file=sys.stderr, flush=True)
    end_now()
