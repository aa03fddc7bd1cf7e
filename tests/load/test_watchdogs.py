"""Each watchdog in a process of its own, whose others come to their end."""

import subprocess
import sys
import textwrap
import time

import psutil

from harness.errors import ExitCode

BEFORE = """
import os, sys, time
import gevent
from types import SimpleNamespace
from harness.load import watchdogs
from harness.load.watchdogs import *
watchdogs._POLL_S = 0.02
"""


def start(script: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", BEFORE + textwrap.dedent(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(script: str) -> tuple[int, str, str]:
    """Run a script, whose standard input is closed from the start, to its end."""
    with start(script) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def ended(pid: int) -> bool:
    give_up_s = time.monotonic() + 30
    while time.monotonic() < give_up_s:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_a_worker_ends_when_the_master_that_forked_it_is_gone() -> None:
    _, out, err = run("""
        gevent.spawn(watch_parent)
        worker = gevent.fork()
        if worker == 0:
            gevent.sleep(600)
        print(worker, flush=True)
        os._exit(0)
    """)
    assert ended(int(out))
    assert "the master ended unexpectedly; this worker ends" in err


def test_a_worker_ends_when_its_master_falls_silent() -> None:
    code, _, err = run("""
        watchdogs._SILENT_POLLS = 3
        watch_master(SimpleNamespace(last_heartbeat_timestamp=1.0))
    """)
    assert code == ExitCode.INVALID
    assert "the master does not answer any more; this worker ends" in err


def test_a_worker_waits_for_a_master_that_it_has_not_heard_of_yet() -> None:
    code, _, _ = run("""
        watchdogs._SILENT_POLLS = 3
        gevent.spawn(watch_master, SimpleNamespace(last_heartbeat_timestamp=None))
        gevent.sleep(0.5)
    """)
    assert code == 0


def test_a_master_ends_when_a_worker_ends_before_the_run() -> None:
    _, out, err = run("""
        watch_forked_workers(SimpleNamespace(state="ready"), 1, lambda code: print(int(code)))
    """)
    assert int(out) == ExitCode.INVALID
    assert "a worker process ended before the run began" in err


def test_once_the_run_has_begun_that_is_the_pools_to_tell() -> None:
    _, out, err = run("""
        watch_forked_workers(SimpleNamespace(state="running"), 1, print)
    """)
    assert out + err == ""


def test_workers_that_do_not_end_are_killed_and_a_stopped_one_at_once() -> None:
    _, out, err = run("""
        import signal
        pids = []
        for _ in range(2):
            pids.append(gevent.fork())
            if pids[-1] == 0:
                time.sleep(600)
        os.kill(pids[0], signal.SIGSTOP)
        end_forked_workers(0.3)
        print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids])
    """)
    assert out == "[-9, -9]\n"
    assert err.count("did not end, and was killed") == 2


def test_workers_that_end_are_not_waited_for_any_longer() -> None:
    _, out, err = run("""
        worker = gevent.fork()
        if worker == 0:
            os._exit(0)
        end_forked_workers(600)
        print("all ended")
    """)
    assert (out, err) == ("all ended\n", "")


def test_closing_standard_input_ends_the_run() -> None:
    with start("watch_stdin(lambda: print('over', flush=True))") as process:
        assert process.stdin is not None
        process.stdin.write("words do not\n")
        process.stdin.flush()
        assert process.poll() is None
        out, _ = process.communicate(timeout=60)
    assert out == "over\n"
