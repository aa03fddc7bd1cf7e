"""Runs of a master and its workers, of which some are ended from outside."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.model import RunEventKind, TurnStatus
from harness.recording import read_run
from tests.load.conftest import (
    MachineTooBusy,
    check_report_of_killed,
    expected_exit_code,
    locust_words,
    only_run,
    wait_for,
)

LINK = """
import json
import gevent
from locust.exception import RPCError
from harness.load import worker_link
from harness.load.share import Share
from harness.load.worker_pool import SHARE, TAKEN
from harness.recording import Batch

class Msg:
    def __init__(self, data):
        self.data = data

class Runner:
    def __init__(self):
        self.listeners, self.sent = {}, []
    def register_message(self, kind, listener, concurrent=False):
        self.listeners[kind] = listener
    def send_message(self, kind, data):
        self.sent.append(data["number"])
        if len(self.sent) == 1:
            raise RPCError("the connection is broken")
    def tell(self, kind, data):
        self.listeners[kind](environment=None, msg=Msg(data))

worker_link._AGAIN_S = 0.01
runner = Runner()
link = worker_link.WorkerLink(runner, arrive=None, stop=None, hurry=None)
link.send(Batch(), idle=True, last=True, open_calls=0, callers=0)
assert runner.sent == [], "there is no run yet"
runner.tell(SHARE, {**Share(origin_ns=5).pack(), "run": 5})
link.send(Batch(), idle=False, last=False, open_calls=0, callers=0)
with gevent.Timeout(20):
    while len(runner.sent) < 3:
        gevent.sleep(0.01)
runner.tell(TAKEN, {"run": 5, "number": 0})
settled = len(runner.sent)
gevent.sleep(0.1)
print(json.dumps([set(runner.sent) == {0}, len(runner.sent) - settled]))
"""


def test_what_a_broken_connection_lost_is_sent_again_until_the_master_has_it() -> None:
    """In a process of its own, which importing Locust patches."""
    said = subprocess.run([sys.executable, "-c", LINK], capture_output=True, text=True, check=False)
    assert said.stdout.strip() == "[true, 0]", said.stderr


@pytest.mark.parametrize(
    ("number", "workers"), [(signal.SIGKILL, 4), (signal.SIGTERM, 2)], ids=["killed", "terminated"]
)
def test_a_worker_that_is_ended_is_named_and_what_was_planned_is_recorded(
    number: int, workers: int, simulator: str, tmp_path: Path
) -> None:
    calls = 3 * workers
    process = subprocess.Popen(
        locust_words(
            *("-u", f"{workers}", "-r", "10", "--calls", f"{calls}", "--turns", "2"),
            *("--processes", f"{workers}", "--host", simulator),
            reports=tmp_path,
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    # Worker `k` of `n` holds the calls whose number is `k` modulo `n`: each has measured something.
    wait_for(lambda: len(measured(tmp_path, workers)) == workers, process)
    forked = workers_of(process)
    forked[0].send_signal(number)
    _, err = process.communicate(timeout=90)
    assert process.returncode == 3, err
    assert "Traceback" not in err
    (line,) = [line for line in err.splitlines() if line.startswith("harness: worker ")]
    assert "of its calls did not come to their end" in line
    assert len(measured(tmp_path, workers)) == workers
    path = only_run(tmp_path)
    run = read_run(path)
    ended = {session.session_id for session in run.sessions}
    dropped = {
        turn.session_id: "" if turn.fault is None else turn.fault.code
        for turn in run.turns
        if turn.status is TurnStatus.DROPPED
    }
    assert ended | set(dropped) == {f"call-{number:06d}" for number in range(calls)}
    lost = {int(name[5:]) % workers for name, why in dropped.items() if why == "worker_lost"}
    assert len(lost) == 1, "they are the calls of one worker"
    assert gone(forked)
    (event,) = [event for event in run.events if event.kind is RunEventKind.WORKER_LOST]
    validity = json.loads((path / "summary.json").read_text())["validity"]
    assert validity["state"] == "INVALID"
    assert any(event.detail in why for why in validity["reasons"])


def measured(reports: Path, workers: int) -> set[int]:
    """Return which of a run's workers have handed in a turn that was not dropped."""
    turns = [turn for path in reports.glob("*/turns.jsonl") for turn in whole_lines_of(path)]
    return {int(t["session_id"][5:]) % workers for t in turns if t["status"] != "dropped"}


def begin(*options: str, reports: Path) -> subprocess.Popen[str]:
    """Start a run of two workers that goes on until it is stopped, unless options say otherwise."""
    words = locust_words("-u", "2", "-r", "10", "--processes", "2", *options, reports=reports)
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def whole_lines_of(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a file that is being written."""
    written, _, _ = path.read_text().rpartition("\n")
    return [json.loads(line) for line in written.splitlines()]


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return the workers that a master has forked."""
    return [c for c in psutil.Process(process.pid).children() if "locust" in c.cmdline()]


def gone(processes: list[psutil.Process]) -> bool:
    """Tell whether all have ended within the time that a run may take for it."""
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]


def test_a_worker_killed_before_the_run_ends_it(simulator: str, tmp_path: Path) -> None:
    process = begin("--host", simulator, reports=tmp_path)
    wait_for(lambda: len(workers_of(process)) == 2, process)
    workers = workers_of(process)
    workers[0].kill()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert "harness: a worker process ended before the run began" in err
    assert "Traceback" not in err
    assert gone(workers)


def test_a_master_that_is_terminated_reports_and_does_not_exit_with_0(
    simulator: str, tmp_path: Path
) -> None:
    options = ("--turns", "3", "--users", "9", "--spawn-rate", "0.2")
    process = begin(*options, "--host", simulator, reports=tmp_path)
    wait_for(lambda: any(tmp_path.glob("*/turns.jsonl")), process)
    workers = workers_of(process)
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    run = only_run(tmp_path)
    events = {event.kind: event.detail for event in read_run(run).events}
    assert list(events) == ["interrupted", "callers_missing", "finished"]
    assert re.match("at most [1-8] of the 9 callers", events[RunEventKind.CALLERS_MISSING])
    assert (run / "report.html").exists()
    assert gone(workers)


def test_workers_end_when_their_master_was_killed(simulator: str, tmp_path: Path) -> None:
    process = begin("--turns", "3", "--host", simulator, reports=tmp_path)
    wait_for(lambda: any(tmp_path.glob("*/turns.jsonl")), process)
    workers = workers_of(process)
    assert len(workers) == 2
    process.kill()
    assert gone(workers)
    process.communicate(timeout=20)
    check_report_of_killed(only_run(tmp_path))


def test_a_second_signal_ends_master_and_workers(simulator: str, tmp_path: Path) -> None:
    options = ("--turns", "9", "--drain-s", "60", "--host", simulator)
    process = begin(*options, reports=tmp_path)
    wait_for(lambda: any(tmp_path.glob("*/turns.jsonl")), process)
    workers = workers_of(process)
    process.terminate()
    wait_for(lambda: any(tmp_path.glob("*/events.jsonl")), process)
    process.terminate()
    _, err = process.communicate(timeout=20)
    assert process.returncode == 3, err
    assert "ended by a second signal" in err
    if not read_run(only_run(tmp_path)).sessions:
        raise MachineTooBusy  # what workers had recorded did not arrive within the second it has
    assert gone(workers)


def test_two_runs_at_once_hold_their_own_calls(simulator: str, tmp_path: Path) -> None:
    options = ("--turns", "1", "--calls", "4", "--host", simulator)
    runs = {name: begin(*options, reports=tmp_path / name) for name in ("a", "b")}
    for name, process in runs.items():
        _, err = process.communicate(timeout=90)
        run = only_run(tmp_path / name)
        assert process.returncode == expected_exit_code(run), err
        if "no worker sent a heartbeat" in err:
            raise MachineTooBusy
        numbers = sorted(session.call_number for session in read_run(run).sessions)
        assert numbers == [0, 1, 2, 3]
