"""`harness selfcheck engine`: what it prints, writes and keeps of what was found."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from harness.bench.findings import DetectorFinding, Findings
from harness.bench.last_check import recall
from harness.bench.selfcheck import Extent
from harness.cli.app import run
from harness.clock import now_ns
from harness.errors import ExitCode
from harness.model import NS_PER_S
from tests.bench.trials import capacity_finding, no_accuracy

FOUND = Findings(
    made_at="now",
    capacity=(
        capacity_finding(
            sessions=None,
            ratio=None,
            confirmed=False,
            not_held=("8 sessions: P99.9 34.0 ms",),
            plain_client_sessions=100,
            measurements=7,
            repeated=2,
            pauses=(5, 3, 1),
            longest_pause_ms=31.0,
            watcher="no C compiler",
        ),
    ),
    accuracy=(no_accuracy(50, void=3),),
    detector=(DetectorFinding(condition="noise -35 dBFS", bias_ms=None, p95_abs_ms=None),),
)


def test_findings_are_printed_written_and_kept_and_missing_is_no_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("harness.cli.selfcheck_engine.check", lambda *_, **__: FOUND)
    monkeypatch.setattr("harness.environment.cache_dir", lambda: tmp_path / "cache")
    target = tmp_path / "found.json"
    assert run(["selfcheck", "--json", str(target)]) == ExitCode.PASS
    text = capsys.readouterr().out
    shown = [line.split() for line in text.splitlines()]
    assert ["50", "0", "3", "0", "-", "-", "-", "-", "0", "0", "-"] in shown
    assert json.loads(target.read_bytes())["accuracy"][0]["error_p99_ms"] is None
    assert recall(tmp_path / "cache") == json.loads(target.read_bytes())
    for words in (
        "20 ms frames: - sessions for 60 s, a straightforward client 100, ratio - (not confirmed)",
        "did not hold: 8 sessions: P99.9 34.0 ms",
        "5 of more than 5 ms, 3 of more than 10 ms, 1 of more than 20 ms, longest 31.00 ms",
        "2 of 9 trials repeated for that",
        "pauses seen by a Python program: no C compiler",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("words", "extent"),
    [
        ([], Extent()),
        (["--seconds", "30"], Extent(hold_s=30.0)),
        (["--minutes", "2"], Extent(hold_s=120.0)),
        (["--accuracy", "--busy"], Extent(capacity=False, busy=True)),
    ],
)
def test_what_is_measured_and_for_how_long_is_said_by_options(
    words: list[str], extent: Extent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def check(_: object, extent: Extent) -> Findings:
        asked.append(extent)
        return FOUND

    monkeypatch.setattr("harness.cli.selfcheck_engine.check", check)
    monkeypatch.setattr("harness.environment.cache_dir", lambda: tmp_path)
    assert run(["selfcheck", "engine", *words]) == ExitCode.PASS
    assert asked == [extent]
    # Without a capacity there is nothing that later runs could be held against.
    assert (recall(tmp_path) is None) is (not extent.capacity)


def test_seconds_and_minutes_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["selfcheck", "engine", "--seconds", "5", "--minutes", "1"]
    assert run(words) == ExitCode.BAD_INPUT
    assert "--seconds and --minutes" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the child of a killed program")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_of_a_measurement_outlives_it(number: signal.Signals) -> None:
    words = [sys.executable, "-m", "harness", "selfcheck", "engine", "--accuracy"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        parent, started = psutil.Process(process.pid), list[psutil.Process]()
        until_ns = now_ns() + 60 * NS_PER_S
        # Its scenario has been read once it has connected to the simulator.
        while not any(_calls(child) for child in started) and now_ns() < until_ns:
            started = parent.children(recursive=True)
            time.sleep(0.05)
        assert any(_calls(child) for child in started)
        process.send_signal(number)
        assert process.wait(30) != 0
    _, alive = psutil.wait_procs(started, timeout=30)
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]


def _calls(child: psutil.Process) -> bool:
    """Return whether a process is Locust's and has a call open."""
    try:
        is_locust = "harness.load.locust_process" in child.cmdline()
        states = [one.status for one in child.net_connections("tcp")] if is_locust else []
    except psutil.NoSuchProcess:
        return False
    return psutil.CONN_ESTABLISHED in states
