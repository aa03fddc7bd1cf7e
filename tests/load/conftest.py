"""Real Locust against the real simulator, each in a process of its own."""

import json
import os
import subprocess
import sys
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


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def only_run(reports: Path) -> Path:
    (run,) = reports.iterdir()
    return run
