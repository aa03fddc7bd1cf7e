from datetime import UTC, datetime
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from harness.errors import BadInput
from harness.recording import Histogram
from harness.recording.hlog import log_header, log_line, read_log

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
S = 1_000_000_000


def filled(*values_ns: int) -> Histogram:
    histogram = Histogram()
    histogram.record_many(values_ns)
    return histogram


def log(*lines: str) -> bytes:
    return (log_header(STARTED) + "".join(lines)).encode()


def test_intervals_of_a_tag_are_added_up_and_the_maximum_is_exact() -> None:
    merged = read_log(
        log(
            log_line("send_lateness", filled(1_000, 400_123), 0, S),
            log_line("loop_lag", filled(7_000), 0, S),
            log_line("send_lateness", filled(9_876_543_211), S, 2 * S),
        ),
        "x.hlog",
    )
    assert set(merged) == {"send_lateness", "loop_lag"}
    durations = merged["send_lateness"].summary()
    assert durations is not None
    assert durations.n == 3
    assert durations.max_ms == 9_876.543211


def test_other_tools_read_the_log(tmp_path: Path) -> None:
    file = tmp_path / "x.hlog"
    file.write_bytes(log(log_line("loop_lag", filled(2_000, 5_000_000), 3 * S, 4 * S)))
    reader = HistogramLogReader(str(file), HdrHistogram(1, 3_600_000_000, 3))
    interval = reader.get_next_interval_histogram(1, 10)
    reader.close()
    assert interval is not None
    assert interval.tag == "loop_lag"
    assert interval.get_total_count() == 2
    assert interval.get_value_at_percentile(50) == 2
    assert interval.start_time_stamp_msec == (STARTED.timestamp() + 3) * 1_000
    assert interval.end_time_stamp_msec == (STARTED.timestamp() + 4) * 1_000


def test_a_last_line_that_was_torn_off_is_left_out() -> None:
    whole = log(log_line("loop_lag", filled(1_000), 0, S))
    torn = whole + log_line("loop_lag", filled(2_000), S, 2 * S).encode()[:-1]
    for cut in range(len(whole), len(torn)):
        durations = read_log(torn[:cut], "x.hlog")["loop_lag"].summary()
        assert durations is not None
        assert durations.n == 1


@pytest.mark.parametrize(
    "line",
    [
        "Tag=loop_lag,0,1,2\n",
        "loop_lag,0,1,2,HISTF\n",
        "Tag=loop_lag,0,1,two,x\n",
        "Tag=a,0,1,nan,x\n",
        "Tag=a,0,1,2,x\n",
    ],
)
def test_a_broken_line_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(BadInput, match=r"x\.hlog, line 6"):
        read_log(log(line), "x.hlog")


def test_what_would_break_a_line_is_not_written() -> None:
    with pytest.raises(ValueError, match="tag"):
        log_line("a,b", filled(1), 0, 1)
    with pytest.raises(ValueError, match="empty"):
        log_line("a", Histogram(), 0, 1)


def test_no_log_is_no_histogram() -> None:
    assert read_log(b"", "x.hlog") == {}
