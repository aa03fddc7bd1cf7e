"""`harness run` with everything it starts: simulator, Locust, Toxiproxy."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from harness.cli.app import run
from harness.errors import ExitCode
from tests.load.conftest import check_turns, expected_exit_code

BRIEF = ("--corpus", "synthetic", "--turns", "1", "--users", "2", "--spawn-rate", "10")


TWO_DIALECTS = """
from harness import Dialogue, VoiceUser

class Browser(VoiceUser):
    dialogue = Dialogue(turns=1)

class Phone(Browser):
    dialect = "twilio"
"""


def words(*options: str, reports: Path, scenario: str = "conversation") -> list[str]:
    start = [sys.executable, "-m", "harness", "run", scenario, "--reports", str(reports)]
    return [*start, *BRIEF, *options]


def wait_for(holds: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up_s, "it did not happen"
        time.sleep(0.05)


def test_one_command_gives_truth_table_and_page_whatever_settings_lie_about(
    tmp_path: Path,
) -> None:
    (tmp_path / "locust.conf").write_text("users = 1\nrun-time = 1s\nturns = 3\ncalls = 1\n")
    (tmp_path / "two.py").write_text(TWO_DIALECTS)
    done = subprocess.run(
        words("--calls", "4", reports=Path("runs"), scenario="two.py"),
        cwd=tmp_path,
        env=os.environ | {"LOCUST_RUN_TIME": "1s", "LOCUST_ITERATIONS": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    (folder,) = (tmp_path / "runs").iterdir()
    assert done.returncode == expected_exit_code(folder), done.stderr
    check_turns(folder)
    assert "the error of the measurement" in " ".join(done.stdout.split())
    assert (folder / "report.html").exists()
    assert (folder / "truth.jsonl").exists()
    assert "Not used by this run: locust.conf, LOCUST_ITERATIONS, LOCUST_RUN_TIME" in done.stderr
    assert len((folder / "turns.jsonl").read_text().splitlines()) == 4
    # The simulator that was started speaks what each class speaks.
    summary = json.loads((folder / "summary.json").read_text())
    assert [one["n"] for one in summary["accuracy"]] == [summary["load"]["status"]["completed"]]
    called = {one["user_class"]: one for one in summary["provenance"]["targets"]}
    assert {name: one["dialect"] for name, one in called.items()} == {
        "Browser": "openai-realtime",
        "Phone": "twilio",
    }
    assert called["Phone"]["target"].endswith("/twilio")


@pytest.mark.parametrize(
    "option",
    [("--turns", "many"), ("--drain-s", "-1"), ("--key-header", "a b"), ("--run-time", "0s")],
)
def test_options_are_checked_before_anything_starts(
    option: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["run", "conversation", "--reports", str(tmp_path), *option]
    assert run(asked) == ExitCode.BAD_INPUT
    assert option[0] in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_the_scenario_comes_before_what_is_locusts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "--only-summary", "conversation"]) == ExitCode.BAD_INPUT
    assert "Give SCENARIO first" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_running_whatever_ends_it(number: int, tmp_path: Path) -> None:
    process = subprocess.Popen(
        words("--network", "ideal", "--turns", "8", reports=tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: any(tmp_path.glob("*/turns.jsonl")) or process.poll() is not None)
    started = psutil.Process(process.pid).children(recursive=True)
    assert len(started) >= 3  # simulator, Locust, Toxiproxy and its guard
    os.kill(process.pid, number)
    _, told = process.communicate(timeout=60)
    wait_for(lambda: not any(child.is_running() for child in started))
    assert "Traceback" not in told
    (folder,) = tmp_path.iterdir()
    wait_for(lambda: (folder / "report.html").exists())


def test_an_unknown_scenario_names_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["run", "no-such", "--reports", str(tmp_path)]) == ExitCode.BAD_INPUT
    assert "conversation" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_a_file_for_a_simulator_that_is_not_started_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["run", "conversation", "--host", "ws://127.0.0.1:9", "--reports", str(tmp_path)]
    assert run([*asked, "--simulator-config", "tools.toml"]) == ExitCode.BAD_INPUT
    assert "--simulator-config: is for the simulator" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_a_refused_run_leaves_no_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        words("--host", "ws://127.0.0.1:9", "--calls", "1", reports=tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == ExitCode.BAD_INPUT
    assert [line for line in done.stderr.splitlines() if line.startswith("harness: ")] != []
    assert not any(tmp_path.iterdir())
