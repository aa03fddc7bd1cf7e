"""Histograms as a log that other HdrHistogram tools read too.

Values are whole microseconds. Times are seconds since run start. The log's `Interval_Max`, which
tools show and do not compute with, is the exact maximum in milliseconds with six decimals, that is
to the nanosecond.
"""

from datetime import datetime

from harness.errors import BadInput
from harness.model import NS_PER_MS, NS_PER_S
from harness.recording.histogram import Histogram

_HINT = "Take the line out; the run then has one interval less"


def log_header(started_at: datetime) -> str:
    """Return the lines a log begins with; version 1.2 of the format is the one with tags."""
    epoch_s = started_at.timestamp()
    return (
        "#[Histogram log format version 1.2]\n"
        f"#[StartTime: {epoch_s:.3f} (seconds since epoch), {started_at.isoformat()}]\n"
        f"#[BaseTime: {epoch_s:.3f} (seconds since epoch)]\n"
        "#[Values in microseconds, Interval_Max in milliseconds]\n"
        '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
    )


def log_line(tag: str, histogram: Histogram, start_ns: int, end_ns: int) -> str:
    """Return one interval's line.

    Raises:
        ValueError: The tag would break the line, or the histogram is empty.
    """
    if not tag.isidentifier():
        raise ValueError(f"a tag must be one plain word, got {tag!r}")
    if histogram.max_ns is None:
        raise ValueError("an empty histogram has no line")
    start_s, length_s = start_ns / NS_PER_S, (end_ns - start_ns) / NS_PER_S
    max_ms = histogram.max_ns / NS_PER_MS
    return f"Tag={tag},{start_s:.6f},{length_s:.6f},{max_ms:.6f},{histogram.payload()}\n"


def read_log(data: bytes, where: str) -> dict[str, Histogram]:
    """Add up the intervals of a log.

    Args:
        data: The log. A last line without a line end was torn off in writing and is left out.
        where: What an error calls the log.

    Returns:
        One histogram for each tag.

    Raises:
        BadInput: A line cannot be read.
    """
    merged: dict[str, Histogram] = {}
    for number, raw in enumerate(data.split(b"\n")[:-1], start=1):
        line = raw.decode("utf-8", "replace")
        if not line or line.startswith(("#", '"')):
            continue
        try:
            tag, interval = _parse(line)
        except ValueError as error:
            raise BadInput(str(error), where=f"{where}, line {number}", hint=_HINT) from error
        merged.setdefault(tag, Histogram()).merge(interval)
    return merged


def _parse(line: str) -> tuple[str, Histogram]:
    fields = line.split(",")
    if len(fields) != 5 or not fields[0].startswith("Tag="):
        raise ValueError("is not an interval: Tag=…,start,length,max,histogram")
    max_ns = round(float(fields[3]) * NS_PER_MS)
    return fields[0].removeprefix("Tag="), Histogram.from_payload(fields[4], max_ns)
