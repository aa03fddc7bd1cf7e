"""Amazon Connect's contract in the objects of A2A's own SDK, on either side: `make test-clients`.

The SDK's readers are strict, so that a key or a value that A2A does not have fails the turn. The
agent answers when it has heard 300 ms of silence, so that is about what has to be measured.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness import environment
from harness.corpus import speech_like
from tests.conftest import Served

HERE = Path(__file__).parent
_START_LIMIT_S, _RUN_LIMIT_S = 30, 90
# It decides at the end of a frame, and its own hearing ends a little after the label.
_EARLIEST_MS, _LATEST_MS = 295, 500


@pytest.fixture
def agent(python_a2a: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    process = subprocess.Popen(
        [python_a2a, HERE / "a2a_programs.py", "agent", str(port)], env=environment.for_child()
    )
    try:
        deadline = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"ws://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("dialect", ["amazon-connect", "amazon-connect-8k"])
def test_an_agent_of_the_sdk_is_measured(agent: str, dialect: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "harness", "run", "conversation", "--host", agent),
            *("--dialect", dialect, "--users", "2", "--calls", "2", "--turns", "2"),
            *("--corpus", "synthetic", "--reports", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        timeout=_RUN_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = tmp_path.iterdir()
    turns = [json.loads(line) for line in (folder / "turns.jsonl").read_text().splitlines()]
    assert len(turns) == 4
    for turn in turns:
        assert turn["status"] == "completed", turn
        at = turn["at"]
        latency_ms = (at["first_audible_ns"] - at["speech_end_ns"]) / 1e6
        assert _EARLIEST_MS < latency_ms < _LATEST_MS, turn


def test_a_caller_of_the_sdk_is_answered_by_the_simulator(python_a2a: Path, tmp_path: Path) -> None:
    rate_hz, sound = 16_000, tmp_path / "utterance.raw"
    speech = speech_like(np.random.default_rng(1), 1.0, rate_hz)
    samples = np.concatenate((np.zeros(rate_hz // 4), speech, np.zeros(3 * rate_hz)))
    sound.write_bytes(samples.astype("<i2").tobytes())
    server = Served()
    try:
        done = subprocess.run(
            [
                *(python_a2a, HERE / "a2a_programs.py", "caller"),
                *(f"{server.host}/amazon-connect", sound),
            ],
            capture_output=True,
            text=True,
            timeout=_RUN_LIMIT_S,
            check=False,
            env=environment.for_child(),
        )
    finally:
        server.close()
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["ended"], found
    assert found["audio"] > 1_000, found
    assert found["kinds"] == ["artifact_update", "message", "status_update"]
