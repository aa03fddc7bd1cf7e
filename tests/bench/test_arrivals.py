from pathlib import Path

import numpy as np
import pytest

from harness.bench.arrivals import lateness, read_arrivals
from harness.bench.child_process import Child
from harness.bench.native_program import native_program
from harness.model import NS_PER_MS

FRAME_NS = 20 * NS_PER_MS


def grid(count: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return 1_000_000_007 + FRAME_NS * np.arange(count, dtype=np.int64)


def test_frames_on_their_grid_are_not_late() -> None:
    late, missing = lateness(grid(50), FRAME_NS)
    assert late.max() == 0
    assert missing == 0


@pytest.mark.parametrize("late_ms", [3, 15, 90])
def test_a_frame_is_as_late_as_it_came(late_ms: int) -> None:
    at_ns = grid(50)
    at_ns[10] += late_ms * NS_PER_MS
    at_ns = np.maximum.accumulate(at_ns)  # those after it wait, and leave at once
    late, missing = lateness(at_ns, FRAME_NS)
    assert late[10] == late_ms * NS_PER_MS
    assert late[9] == late[16] == 0
    assert missing == 0


@pytest.mark.parametrize("lost", [1, 3])
def test_frames_that_never_came_are_missing_and_those_after_them_are_not_late(lost: int) -> None:
    late, missing = lateness(np.delete(grid(60), slice(20, 20 + lost)), FRAME_NS)
    assert missing == lost
    assert late.max() == 0


def test_what_cannot_be_told_at_the_end_is_left_out() -> None:
    late, missing = lateness(np.delete(grid(60), 58), FRAME_NS)
    assert (missing, late.max()) == (0, 0)
    assert len(lateness(grid(3), FRAME_NS)[0]) == 0


def test_sessions_are_told_apart_and_the_interval_is_kept(tmp_path: Path) -> None:
    first, second = grid(100), grid(100) + 7 * NS_PER_MS
    second[40] += 9 * NS_PER_MS
    rows = sorted([(at, 3) for at in first] + [(at, 8) for at in second])
    file = tmp_path / "arrivals"
    file.write_bytes(np.array([(who, at) for at, who in rows], dtype=np.uint64).tobytes() + b"torn")
    found = read_arrivals(file, FRAME_NS, int(first[10]), int(first[90]))
    assert found.frames == 160
    assert found.missing == 0
    assert (found.p50_ms, found.max_ms) == (0, 9)
    later = read_arrivals(file, FRAME_NS, int(first[50]), int(first[90]))
    assert (later.frames, later.max_ms) == (80, 0), "what came before is late no more"


def test_frames_are_missing_from_the_first_on(tmp_path: Path) -> None:
    at_ns = np.delete(grid(100), slice(20, 23))
    (tmp_path / "arrivals").write_bytes(np.array([(1, at) for at in at_ns], np.uint64).tobytes())
    found = read_arrivals(tmp_path / "arrivals", FRAME_NS, int(at_ns[50]), int(at_ns[90]))
    assert (found.missing, found.max_ms) == (3, 0)


def test_without_frames_nothing_is_measured(tmp_path: Path) -> None:
    (tmp_path / "arrivals").write_bytes(b"")
    found = read_arrivals(tmp_path / "arrivals", FRAME_NS, 0, 1)
    assert (found.frames, found.p99_ms) == (0, None)


@pytest.mark.skipif(isinstance(native_program("sink"), str), reason="no native null server")
def test_the_null_server_records_every_frame_of_a_client(tmp_path: Path) -> None:
    with Child("harness.bench.null_server") as server:
        words = ("--host", server.address(), "--seconds", "1.5")
        with Child("harness.bench.engine_trial", *words) as client:
            before = server.ask(f"record {tmp_path / 'arrivals'}")["frames"]
            client.ask(3)
        server.ask("how many?")  # goes on recording
        after = server.ask("stop")["frames"]
    found = read_arrivals(tmp_path / "arrivals", FRAME_NS, 0, 2**62)
    assert found.frames == after - before > 0
    assert found.p50_ms is not None
