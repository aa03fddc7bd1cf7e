import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

PERIOD_US, LEAST_US = 1_000, 50_000


@pytest.fixture(params=[[], ["--python"]], ids=["native", "python"])
def watcher(request: pytest.FixtureRequest) -> Iterator["subprocess.Popen[str]"]:
    words = [sys.executable, "-m", "harness.bench.watcher", f"{PERIOD_US}", f"{LEAST_US}"]
    process = subprocess.Popen(
        [*words, *request.param], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.communicate()


def test_a_pause_is_told_with_when_and_how_long(watcher: "subprocess.Popen[str]") -> None:
    assert watcher.stdout is not None
    stopped_ns = 0
    found: tuple[int, int] | None = None
    # It may not have begun to watch when it is first stopped.
    for _ in range(100):
        stopped_ns = time.monotonic_ns()
        watcher.send_signal(signal.SIGSTOP)
        time.sleep(0.2)
        watcher.send_signal(signal.SIGCONT)
        if select.select([watcher.stdout], [], [], 0.3)[0]:
            due, late = watcher.stdout.readline().split()
            found = int(due), int(late)
            break
    assert found is not None
    due_ns, late_ns = found
    assert late_ns > LEAST_US * 1_000
    assert due_ns <= time.monotonic_ns()
    assert due_ns + late_ns > stopped_ns - 1_000_000_000


def test_it_ends_with_its_input(watcher: "subprocess.Popen[str]") -> None:
    watcher.communicate()
    assert watcher.returncode == 0
