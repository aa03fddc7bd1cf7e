import subprocess
import sys

from harness.errors import ExitCode
from tests.conftest import Served


def doctor(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness", "doctor", *words],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_the_machine_is_described_without_a_target() -> None:
    done = doctor()
    assert done.returncode == ExitCode.PASS
    assert {"python", "cache", "speech", "toxiproxy", "audio", "key"} <= {
        line.split()[0] for line in done.stdout.splitlines()
    }


def test_one_call_tells_what_a_target_is_like() -> None:
    served = Served()
    try:
        done = doctor(served.host, "--turns", "1", "--corpus", "synthetic")
    finally:
        served.close()
    assert done.returncode == ExitCode.PASS, done.stderr
    assert "server_vad" in done.stdout
    assert "voice to voice" in done.stdout
    assert "does not tell" not in done.stdout


def test_a_target_that_is_not_there_is_one_line() -> None:
    done = doctor("ws://127.0.0.1:9", "--corpus", "synthetic")
    assert done.returncode == ExitCode.BAD_INPUT
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
