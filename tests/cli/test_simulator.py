import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile

from harness.corpus import speech_like
from harness.errors import ExitCode


def simulator(*words: str) -> subprocess.CompletedProcess[str]:
    """Start a simulator that ends at once, because its standard input does."""
    command = [sys.executable, "-m", "harness", "simulator", "--port", "0", "--exit-with-stdin"]
    return subprocess.run(
        [*command, *words], input="", capture_output=True, text=True, timeout=90, check=False
    )


def test_a_channel_of_the_recorded_speech_is_chosen(tmp_path: Path) -> None:
    voice = np.pad(speech_like(np.random.default_rng(1), 1.5, 24_000), 12_000)
    folder = tmp_path / "calls"
    folder.mkdir()
    soundfile.write(folder / "a.wav", np.stack((np.zeros_like(voice), voice), axis=1), 24_000)
    done = simulator("--corpus", str(folder), "--channel", "right")
    assert done.returncode == ExitCode.PASS, done.stderr
    assert "listening on" in done.stdout
    silent = simulator("--corpus", str(folder))
    assert silent.returncode == ExitCode.BAD_INPUT
    assert "--channel chooses" in silent.stderr


def test_a_channel_without_recorded_speech_is_refused() -> None:
    done = simulator("--channel", "left")
    assert done.returncode == ExitCode.BAD_INPUT
    assert "--channel: needs --corpus as well" in done.stderr
