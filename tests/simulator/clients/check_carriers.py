"""A Pipecat application is called through every carrier it knows, and at its own socket.

Run by `make test-clients`.
It answers when it has heard 300 ms of silence, so that is about what has to be measured: later by
what its own pipeline takes, and by up to one frame.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import environment

HERE = Path(__file__).parent
_START_LIMIT_S, _RUN_LIMIT_S = 90, 120
# Frames of 100 ms decide a frame later; a busy machine is later still.
_EARLIEST_MS, _LATEST_MS = 295, 600


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def application(python_clients: Path) -> Iterator[str]:
    port = _free_port()
    process = subprocess.Popen(
        [python_clients, HERE / "pipecat_application.py", str(port)], env=environment.for_child()
    )
    try:
        deadline = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield f"ws://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("carrier", ["twilio", "telnyx", "plivo", "exotel", "vonage", "pipecat"])
def test_an_application_nobody_here_wrote_is_measured(
    application: str, carrier: str, tmp_path: Path
) -> None:
    paths = {"vonage": "/vonage", "pipecat": "/ws-client"}
    host = application + paths.get(carrier, "")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "harness", "run", "conversation", "--host", host),
            *("--dialect", carrier, "--users", "2", "--calls", "2", "--turns", "2"),
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
