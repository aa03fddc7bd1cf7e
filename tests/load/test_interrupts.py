"""Signals to a process of its own, which says how far it is."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from harness.errors import ExitCode

PROCESS = """
import subprocess, sys
import gevent
from harness.load.interrupts import Interrupts

child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])

def cut():
    print("cut", flush=True)
    {cut}

interrupts = Interrupts(lambda: print("draining", flush=True), cut)
interrupts.handle_signals()
gevent.sleep(0)
print(child.pid, flush=True)
# As in Locust, something always comes round: a hub that waits hears late of a signal.
while True:
    gevent.sleep(0.02)
"""


@contextmanager
def heeding(cut: str) -> Iterator[tuple["subprocess.Popen[str]", psutil.Process]]:
    """Start the process, and give it with the child that it has."""
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS.format(cut=cut)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline()))
        try:
            yield process, child
        finally:
            process.kill()
            if child.is_running():
                child.kill()


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_drains_and_the_second_ends_this_process_and_its_children(
    first: int,
) -> None:
    with heeding("pass") as (process, child):
        process.send_signal(first)
        assert said(process) == "draining"
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert said(process) == "cut"
        assert process.wait(20) == ExitCode.INVALID
        psutil.wait_procs([child], timeout=20)
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_process_that_hangs_is_ended_by_the_kernel() -> None:
    with heeding("while True: pass") as (process, _):
        process.send_signal(signal.SIGINT)
        assert said(process) == "draining"
        process.send_signal(signal.SIGINT)
        assert said(process) == "cut"
        assert process.wait(20) == -signal.SIGALRM


def test_a_cut_that_fails_ends_the_process_all_the_same() -> None:
    with heeding("1 / 0") as (process, _):
        for word in ("draining", "cut"):
            process.send_signal(signal.SIGINT)
            assert said(process) == word
        assert process.wait(20) == ExitCode.INVALID
