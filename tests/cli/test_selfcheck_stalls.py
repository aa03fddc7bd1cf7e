import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness import environment
from harness.errors import ExitCode
from harness.model import NoProgress
from harness.network import find_or_install


@pytest.mark.timeout(600)
def test_it_says_how_late_updates_were_and_what_they_cost(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    find_or_install(environment.cache_dir(), NoProgress())
    target = tmp_path / "found.json"
    # In a process of its own: the audio engine's library patches the process it is imported into.
    words = ["--callers", "10", "--talking", "4", "--seconds", "1", "--json", str(target)]
    done = subprocess.run(
        [sys.executable, "-m", "harness", "selfcheck", "stalls", *words], timeout=300, check=False
    )
    shown = capfd.readouterr().out
    assert "P99" in shown
    assert "core" in shown
    found = json.loads(target.read_text())
    assert (found["callers"], found["talking"]) == (10, 4)
    assert found["account"]["done"] > 0
    # 4 callers, 50 frames a second each, for as long as it really took.
    assert 0 < found["frames"] <= 4 * 50 * (found["seconds"] + 1)
    held = found["account"]["lag_p99_ms"] <= 10 and found["controller_cores"] <= 0.15
    assert done.returncode == (ExitCode.PASS if held else ExitCode.FAIL), shown
