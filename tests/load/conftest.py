"""Real Locust against the real simulator, each in a process of its own."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KEY = "HARNESS_TEST_KEY"


def locust_words(*options: str, reports: Path, scenario: Path | None = None) -> list[str]:
    scenario = scenario or ROOT / "scenarios" / "conversation.py"
    words = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(scenario),
        "--headless",
        "--loglevel",
        "ERROR",
    ]
    return [*words, "--corpus", "synthetic", "--reports", str(reports), *options]


def run_locust(
    *options: str, reports: Path, scenario: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        locust_words(*options, reports=reports, scenario=scenario),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
    )


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def only_run(reports: Path) -> Path:
    (run,) = reports.iterdir()
    return run


def expected_exit_code(run: Path) -> int:
    """Return the code that the run's own summary asks for: a busy machine may have spoiled it."""
    state = json.loads((run / "summary.json").read_text())["validity"]["state"]
    return 3 if state == "INVALID" else 0


def check_held(done: subprocess.CompletedProcess[str], reports: Path) -> Path:
    """Expect a run that was held to its end, with the code that its validity asks for.

    Returns:
        The run directory.
    """
    run = only_run(reports)
    assert done.returncode == expected_exit_code(run), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return run


class MachineTooBusy(Exception):
    """Our own lateness spoiled every turn of a run: it proves nothing, and is held again."""


def check_turns(run: Path, *, ended_early: bool = False) -> None:
    """Expect that every turn was answered, whatever our own lateness made of it, and one counts.

    Of a run that ended early the turns that never began are there as well, as dropped.

    Raises:
        MachineTooBusy: No turn counts, and the run is rightly invalid for that.
    """
    statuses = [turn["status"] for turn in lines_of(run / "turns.jsonl")]
    assert set(statuses) <= {"completed", "void"} | ({"dropped"} if ended_early else set())
    if "completed" not in statuses:
        assert expected_exit_code(run) == 3
        raise MachineTooBusy


def wait_for(holds: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until something has happened; the process's own end is a failure."""
    give_up_s = time.monotonic() + 60
    while not holds():
        assert process.poll() is None, "the run ended before it should"
        assert time.monotonic() < give_up_s, "it did not happen"
        time.sleep(0.05)


def check_report_of_killed(run: Path) -> None:
    """Expect that what a killed process left is reported, as a run that is not whole."""
    report = subprocess.run(
        [sys.executable, "-m", "harness", "report", str(run)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.returncode == expected_exit_code(run), report.stderr
    summary = json.loads((run / "summary.json").read_text())
    assert summary["load"]["turns"] >= 1
    assert summary["validity"]["state"] != "VALID"
