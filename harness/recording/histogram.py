"""Histograms of our own behaviour: integers only, and nothing vanishes.

The library drops a negative or too large value with a return value only, truncates floats, and
reports a bucket's upper edge as the maximum. So values are checked here, counted here by the
microsecond, which also costs a quarter of the library's own recording, and the maximum is kept
beside the buckets, to the nanosecond.
"""

import zlib
from collections.abc import Iterable

import numpy as np
from hdrh import codec
from hdrh.histogram import HdrHistogram

from harness.model import Spread

_NS_PER_US = 1_000
_US_PER_MS = 1_000
_NS_PER_MS = 1_000_000
# One hour: a laptop that was closed during a run still gives a value that can be kept.
LONGEST_US = 3_600_000_000
_LONGEST_NS = LONGEST_US * _NS_PER_US
_DIGITS = 3
# Distinct microseconds held before they go into the buckets: bounds the memory to a few MB.
_PENDING_LIMIT = 50_000
# What the library raises for a text that is not a histogram; it has no error of its own for it.
_UNREADABLE = (
    ValueError,
    RuntimeError,
    IndexError,
    zlib.error,
    codec.HdrCookieException,
    codec.HdrLengthException,
    codec.HdrHistogramSettingsException,
)


class Histogram:
    """Counts of durations between 0 and one hour, to three digits; merging is exact.

    Attributes:
        max_ns: The largest value, exact; `None` when there is no value.
    """

    def __init__(self) -> None:
        self._buckets = HdrHistogram(1, LONGEST_US, _DIGITS)
        self._pending: dict[int, int] = {}
        self.max_ns: int | None = None

    def record_ns(self, value_ns: int) -> None:
        """Count one value; a fraction of a microsecond is rounded up.

        Args:
            value_ns: Nanoseconds, between 0 and one hour.

        Raises:
            ValueError: The value is negative or longer than an hour.
        """
        if not 0 <= value_ns <= _LONGEST_NS:
            raise ValueError(f"a duration must lie between 0 and 1 hour, got {value_ns} ns")
        if self.max_ns is None or value_ns > self.max_ns:
            self.max_ns = value_ns
        value_us = -(-value_ns // _NS_PER_US)
        pending = self._pending
        pending[value_us] = pending.get(value_us, 0) + 1
        if len(pending) > _PENDING_LIMIT:
            self._settle()

    def record_many(self, values_ns: Iterable[int]) -> None:
        """Count many values.

        Raises:
            ValueError: As `record_ns`; the values before the refused one are counted.
        """
        for value_ns in values_ns:
            self.record_ns(value_ns)

    def merge(self, other: "Histogram") -> None:
        """Add the counts of another histogram, as if its values had been recorded here."""
        if other.max_ns is None:
            return
        pending, buckets = other.contents()
        for value_us, count in pending.items():
            self._pending[value_us] = self._pending.get(value_us, 0) + count
        if buckets.get_total_count():
            self._buckets.decode_and_add(buckets.encode())
        if len(self._pending) > _PENDING_LIMIT:
            self._settle()
        self.max_ns = other.max_ns if self.max_ns is None else max(self.max_ns, other.max_ns)

    def contents(self) -> tuple[dict[int, int], HdrHistogram]:
        """Return the counts by the microsecond, not in buckets yet, and the buckets.

        What is merged soon need not go through the buckets twice.
        """
        return self._pending, self._buckets

    def encode(self) -> str:
        """Return the histogram as text for a message, its exact maximum included."""
        return f"{'' if self.max_ns is None else self.max_ns}:{self.payload()}"

    @classmethod
    def decode(cls, text: str) -> "Histogram":
        """Return the histogram that `encode` wrote.

        Raises:
            ValueError: The text is not an encoded histogram.
        """
        largest, found, payload = text.partition(":")
        if not found:
            raise ValueError("not an encoded histogram: it has no maximum")
        return cls.from_payload(payload, int(largest) if largest else None)

    def payload(self) -> str:
        """Return the buckets in the library's compressed form, base64, in microseconds."""
        self._settle()
        text: bytes = self._buckets.encode()
        return text.decode("ascii")

    @classmethod
    def from_payload(cls, payload: str, max_ns: int | None) -> "Histogram":
        """Return a histogram from what `payload` gave and the exact maximum.

        Raises:
            ValueError: The payload cannot be read, or does not fit the maximum.
        """
        histogram = cls()
        try:
            histogram._buckets.decode_and_add(payload)
        except _UNREADABLE as error:
            raise ValueError(f"not an encoded histogram: {type(error).__name__}") from error
        if (histogram._buckets.get_total_count() == 0) != (max_ns is None):
            raise ValueError("not an encoded histogram: its maximum does not fit its counts")
        histogram.max_ns = max_ns
        return histogram

    def spread(self) -> Spread | None:
        """Return nearest-rank percentiles and the exact maximum; `None` when it is empty.

        A percentile is the upper edge of its bucket, at most 0.1 % too long.
        """
        if self.max_ns is None:
            return None
        self._settle()
        reached = np.cumsum(np.frombuffer(self._buckets.counts, dtype=np.uint64))
        n = int(reached[-1])

        def percentile_ms(permille: int) -> float:
            # Rank ceil(n p), in whole numbers so that no rank is lost to a binary fraction.
            index = int(np.searchsorted(reached, -(-n * permille // 1000)))
            lowest_us = self._buckets.get_value_from_index(index)
            highest_us: int = self._buckets.get_highest_equivalent_value(lowest_us)
            return min(highest_us / _US_PER_MS, largest_ms)

        largest_ms = self.max_ns / _NS_PER_MS
        return Spread(
            n=n,
            p50_ms=percentile_ms(500),
            p99_ms=percentile_ms(990),
            p999_ms=percentile_ms(999),
            max_ms=largest_ms,
        )

    def _settle(self) -> None:
        """Move what was counted by the microsecond into the buckets."""
        for value_us, count in self._pending.items():
            assert self._buckets.record_value(value_us, count), "checked when it was recorded"
        self._pending.clear()
