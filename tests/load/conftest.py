"""Real Locust against the real simulator, each in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
KEY = "HARNESS_TEST_KEY"


class Served:
    """A simulator on a free port."""

    def __init__(self, *options: str, **environment: str) -> None:
        words = [sys.executable, "-m", "harness", "simulator", "--port", "0", "--exit-with-stdin"]
        self._process = subprocess.Popen(
            [*words, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("listening on ws://127.0.0.1:"), line
        self.host = line.removeprefix("listening on ").split("/v1")[0]

    def close(self) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture(scope="session")
def simulator() -> Iterator[str]:
    served = Served("--seed", "5")
    yield served.host
    served.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    open_ones: list[Served] = []

    def start(*options: str, **environment: str) -> str:
        open_ones.append(Served(*options, **environment))
        return open_ones[-1].host

    yield start
    for served in open_ones:
        served.close()


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


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def only_run(reports: Path) -> Path:
    (run,) = reports.iterdir()
    return run
