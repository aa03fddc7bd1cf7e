import json
import subprocess
import sys
from pathlib import Path


def test_every_step_is_printed_and_written(tmp_path: Path) -> None:
    target = tmp_path / "found.json"
    words = ["--clips", "3", "--processes", "1", "--json", str(target)]
    done = subprocess.run(
        [sys.executable, "-m", "harness", "selfcheck", "speech", *words],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names == ["speech", "annotate", "cold", "warm"]
    found = json.loads(target.read_text())
    assert found["annotate"]["clips"] == 3
    assert found["cold"]["ready_mb"] == found["warm"]["ready_mb"] > 0
