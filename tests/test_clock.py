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


def test_the_offset_of_wall_time_holds_until_wall_time_is_set() -> None:
    offset = clock.WallOffset()
    assert offset.still_holds(clock.now_ns())
    # As if it had been an hour off until now.
    for step_ns in (3_600_000_000_000, -3_600_000_000_000):
        offset.ns += step_ns
        assert not offset.still_holds(clock.now_ns())
        assert offset.still_holds(clock.now_ns())


def test_the_offset_takes_a_wall_time_to_the_monotonic_clock() -> None:
    offset = clock.WallOffset()
    before_ns = clock.now_ns()
    wall_ns = int(clock.wall_time().timestamp() * 1_000_000) * 1_000
    after_ns = clock.now_ns()
    slack_ns = clock.CLOCK_SLACK_NS
    assert before_ns - slack_ns <= wall_ns - offset.ns <= after_ns + slack_ns
