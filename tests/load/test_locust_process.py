import subprocess
import sys
from pathlib import Path

from harness.environment import for_child
from harness.errors import ExitCode


def locust(folder: Path, scenario: str, *words: str) -> subprocess.CompletedProcess[str]:
    (folder / "scenario.py").write_text(scenario)
    command = [sys.executable, "-m", "harness.load.locust_process", "-f", "scenario.py"]
    return subprocess.run(
        [*command, "--headless", *words],
        cwd=folder,
        env=for_child(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


SHOWS = """
from locust import User, events

@events.init.add_listener
def show(environment, **_):
    print("users", environment.parsed_options.num_users)
    raise SystemExit(0)

class Caller(User):
    pass
"""


def test_files_that_lie_about_do_not_count_and_a_named_one_does(tmp_path: Path) -> None:
    (tmp_path / "locust.conf").write_text("users = 7\n")
    (tmp_path / "pyproject.toml").write_text("[tool.locust]\nusers = 8\n")
    (tmp_path / "mine.conf").write_text("users = 9\n")
    assert "users 7" not in locust(tmp_path, SHOWS).stdout
    assert "users None" in locust(tmp_path, SHOWS).stdout
    assert "users 9" in locust(tmp_path, SHOWS, "--config", "mine.conf").stdout


def test_a_scenario_that_cannot_be_is_one_line_of_bad_input(tmp_path: Path) -> None:
    done = locust(
        tmp_path,
        "from harness.load import Dialogue, VoiceUser\n"
        "class Caller(VoiceUser):\n    dialogue = Dialogue(turns=0)\n",
        *("--host", "ws://127.0.0.1:1"),
    )
    assert done.returncode == ExitCode.BAD_INPUT
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("harness: Dialogue: needs at least one turn, got 0")


def test_an_option_that_nobody_knows_is_bad_input(tmp_path: Path) -> None:
    done = locust(tmp_path, SHOWS, "--no-such-option")
    assert done.returncode == ExitCode.BAD_INPUT
    assert "--no-such-option" in done.stderr


def test_a_scenario_with_an_error_of_its_own_shows_it(tmp_path: Path) -> None:
    done = locust(tmp_path, "1 / 0\n")
    assert done.returncode == ExitCode.BAD_INPUT
    assert "ZeroDivisionError" in done.stderr
    assert "the scenario cannot be loaded" in done.stderr
