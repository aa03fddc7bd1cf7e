import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import ExitCode


@pytest.mark.parametrize(
    ("scenario", "code", "said"),
    [
        (
            "class Caller(VoiceUser):\n    dialogue = Dialogue(turns=0)\n",
            ExitCode.BAD_INPUT,
            "got 0",
        ),
        ("raise ValueError('it is example-key-1')\n", 1, "it is [redacted]"),
    ],
)
def test_plain_locust_says_what_is_wrong_without_secrets(
    scenario: str, code: int, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "scenario.py"
    file.write_text(f"from harness.load import Dialogue, VoiceUser\n{scenario}")
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(file), "--headless"],
        env=os.environ | {"HARNESS_API_KEY": "example-key-1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code
    assert said in done.stderr
    assert "example-key-1" not in done.stderr
    assert ("Traceback" in done.stderr) is (code != ExitCode.BAD_INPUT)
