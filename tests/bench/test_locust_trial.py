import pytest

from harness.bench.child_process import Child
from harness.bench.client_trials import trial_outcome
from harness.bench.locust_trial import LocustTrial, missing, within
from harness.bench.native_program import native_program
from harness.model import NS_PER_S, SessionRecord
from harness.recording import Histogram
from harness.recording.hlog import log_line, read_log

SESSIONS, SECONDS = 3, 3.0


def test_a_run_under_locust_is_measured_from_outside(python_null_server: Child) -> None:
    found = LocustTrial(python_null_server, 20, None).measure(SESSIONS, SECONDS)
    assert found["sessions"] == SESSIONS
    assert found["sessions_lost"] == 0
    # Whole intervals of a second within the window, and what may be late in each.
    slots = SESSIONS * SECONDS * 50
    assert slots / 3 <= found["frames_sent"] <= slots * 4 / 3
    assert found["frames_intended"] >= found["frames_sent"]
    assert found["late_p50_ms"] <= found["late_p99_ms"] <= found["late_p999_ms"]
    assert found["cpu_s"] > 0
    assert found["turns"] > 0
    trial_outcome(found)  # has everything that is judged


@pytest.mark.skipif(isinstance(native_program("sink"), str), reason="no native null server")
def test_the_native_server_says_how_late_frames_arrived() -> None:
    with Child("harness.bench.null_server") as server:
        found = LocustTrial(server, 100, None).measure(2, SECONDS)
    assert found["server_missing"] >= 0
    assert found["server_late_p99_ms"] <= found["server_late_p999_ms"]


def test_only_whole_intervals_within_the_window_count() -> None:
    def interval(start_s: int, value_us: int) -> str:
        values = Histogram()
        values.record_ns(value_us * 1000)
        return log_line("send_lateness", values, start_s * NS_PER_S, (start_s + 1) * NS_PER_S)

    log = "#head\n" + "".join(interval(second, 100 * (second + 1)) for second in range(6))
    kept = read_log(within(log.encode(), 2 * NS_PER_S, 4 * NS_PER_S), "log")
    spread = kept["send_lateness"].summary()
    assert spread is not None
    assert (spread.n, spread.max_ms) == (3, 0.5)


def test_frames_left_out_are_known_only_when_every_session_is_written() -> None:
    record = SessionRecord(
        session_id="call-000001",
        call_number=1,
        network="none",
        turns_planned=1,
        frames_intended=100,
        frames_sent=97,
    )
    assert missing((record, record), 2) == 6
    assert missing((record,), 2) is None
