"""What `harness run` does when a process that it started is killed, hangs or is left behind."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from harness.cli import run_processes
from harness.cli.run_processes import RunningSimulator, run_locust
from harness.errors import ExitCode
from harness.model import RunEventKind
from harness.recording import read_run

SLEEPS = "import time; print('up', flush=True); time.sleep(600)"
# Locust in small: a leader that ends at once and leaves a process of its group behind.
LEAVES = f"""
import subprocess, sys
left = subprocess.Popen([sys.executable, "-c", {SLEEPS!r}], stdout=subprocess.PIPE)
left.stdout.readline()
print(left.pid, file=open(sys.argv[1], "w"))
"""
# Locust in small: it ends when its standard input is closed.
OBEYS = "import sys; sys.stdin.read(); sys.exit(3)"


def wait_for(holds: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up_s, "it did not happen"
        time.sleep(0.05)


def is_over(pid: int) -> bool:
    """Tell whether a process has ended, though nobody may have waited for it."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_what_a_run_leaves_behind_is_ended_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_processes, "_GROUP_LIMIT_S", 0.2)
    told = tmp_path / "pid"
    assert run_locust([sys.executable, "-c", LEAVES, str(told)], None) == 0
    wait_for(lambda: is_over(int(told.read_text())))


def test_a_simulator_that_ends_early_ends_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    with subprocess.Popen([sys.executable, "-c", ""], text=True) as ended:
        ended.wait()
        answering = RunningSimulator("ws://127.0.0.1:1", ended)
        assert run_locust([sys.executable, "-c", OBEYS], answering) == ExitCode.INVALID
    assert "harness: the simulator ended (0), which ends the run" in capsys.readouterr().err


def test_a_locust_that_stays_stopped_is_ended(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_processes, "_STOPPED_STEPS", 1)
    stops = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"
    assert run_locust([sys.executable, "-c", stops], None) == -signal.SIGKILL
    assert "Locust was suspended" in capsys.readouterr().err


def started(reports: Path) -> tuple["subprocess.Popen[str]", psutil.Process]:
    """Start a run that goes on, and return it with its Locust once a turn has been recorded."""
    words = [sys.executable, "-m", "harness", "run", "conversation", "--reports", str(reports)]
    words += ["--corpus", "synthetic", "--turns", "3", "--users", "2", "--spawn-rate", "10"]
    process = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(lambda: any(reports.glob("*/turns.jsonl")))
    children = psutil.Process(process.pid).children()
    (locust,) = [child for child in children if "--live-line" in child.cmdline()]
    return process, locust


def test_a_locust_that_was_killed_is_reported_and_the_run_is_not_whole(tmp_path: Path) -> None:
    process, locust = started(tmp_path)
    locust.kill()
    _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INVALID
    assert "the run was killed" in err
    assert "Traceback" not in err
    assert any(tmp_path.glob("*/report.html"))


def test_a_second_signal_ends_a_locust_that_hangs(tmp_path: Path) -> None:
    process, locust = started(tmp_path)
    locust.suspend()
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INVALID
    assert "ended by a second signal" in err
    assert not locust.is_running()


def test_a_simulator_that_is_killed_ends_the_run_with_a_report(tmp_path: Path) -> None:
    process, _ = started(tmp_path)
    children = psutil.Process(process.pid).children()
    (simulator,) = [child for child in children if "simulator" in child.cmdline()]
    simulator.kill()
    _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INVALID, err
    assert "the simulator ended (-9)" in err
    assert "Traceback" not in err
    (run,) = tmp_path.iterdir()
    assert RunEventKind.INTERRUPTED in {event.kind for event in read_run(run).events}
    assert (run / "report.html").exists()
    assert all(is_over(child.pid) for child in children)
