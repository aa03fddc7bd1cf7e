import io
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.standard_output import OutputLost, StandardOutput


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")

    flush = write  # type: ignore[assignment]


def test_what_cannot_be_written_is_told_once_in_a_line() -> None:
    with pytest.raises(OutputLost, match="standard output: cannot be written to: No space left"):
        StandardOutput(Full()).write("hello")
    assert StandardOutput(Full(), quiet=True).write("hello") == 5


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a full device")
@pytest.mark.parametrize("how", ["> /dev/full", "| true; exit ${PIPESTATUS[0]}"])
def test_a_command_whose_output_is_lost_neither_crashes_nor_fails_an_objective(how: str) -> None:
    words = f"{sys.executable} -m harness dialects {how}"
    ended = subprocess.run(["bash", "-c", words], capture_output=True, text=True, check=False)
    assert ended.returncode == 3
    assert ended.stderr.startswith("harness: standard output: cannot be written to: ")
    assert len(ended.stderr.splitlines()) == 1
