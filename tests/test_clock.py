import subprocess
import sys
from datetime import UTC

from harness import clock


def test_the_clock_never_runs_backwards() -> None:
    readings = [clock.now_ns() for _ in range(1_000)]
    assert readings == sorted(readings)


def test_processes_of_one_machine_share_the_origin() -> None:
    before_ns = clock.now_ns()
    words = [sys.executable, "-c", "from harness.clock import now_ns; print(now_ns())"]
    other_ns = int(subprocess.run(words, capture_output=True, check=True, text=True).stdout)
    assert before_ns < other_ns < clock.now_ns()


def test_wall_time_knows_its_zone() -> None:
    assert clock.wall_time().tzinfo is UTC
