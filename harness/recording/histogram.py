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
from numpy.typing import NDArray

from harness.model import NS_PER_MS, NS_PER_US, DurationSummary

_US_PER_MS = 1_000
# One hour: a laptop that was closed during a run still gives a value that can be kept.
LONGEST_US = 3_600_000_000
_LONGEST_NS = LONGEST_US * NS_PER_US
_DIGITS = 3
# Up to here each microsecond can have a counter of its own.
_SHORT_NS = 1_000_000_000
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
        # Made when needed: most histograms are merged into another before that.
        self._buckets: HdrHistogram | None = None
        self._pending: dict[int, int] = {}
        self.max_ns: int | None = None

    def __del__(self) -> None:
        """Let go of 190 kB at once.

        The library's histogram and its encoder hold each other, and would wait for a collection.
        """
        if self._buckets is not None:
            self._buckets.encoder = None

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
        value_us = -(-value_ns // NS_PER_US)
        pending = self._pending
        pending[value_us] = pending.get(value_us, 0) + 1
        if len(pending) > _PENDING_LIMIT:
            self._settled()

    def record_many(self, values_ns: Iterable[int]) -> None:
        """Count many values.

        Raises:
            ValueError: As `record_ns`; the values before the refused one are counted.
        """
        for value_ns in values_ns:
            self.record_ns(value_ns)

    def record_array(self, values_ns: NDArray[np.int64]) -> None:
        """Count many values at once, as `record_ns` counts each.

        Args:
            values_ns: int64, shape (n,).

        Raises:
            ValueError: As `record_ns`; no value is counted.
        """
        if not len(values_ns):
            return
        least, largest = int(values_ns.min()), int(values_ns.max())
        if least < 0 or largest > _LONGEST_NS:
            wrong = least if least < 0 else largest
            raise ValueError(f"a duration must lie between 0 and 1 hour, got {wrong} ns")
        self.max_ns = largest if self.max_ns is None else max(self.max_ns, largest)
        values_us = -(-values_ns // NS_PER_US)
        if largest < _SHORT_NS:
            # Thousands of values a second: sorting them would hold the interpreter up.
            counts = np.bincount(values_us)
            values_us = np.flatnonzero(counts)
            counts = counts[values_us]
        else:
            values_us, counts = np.unique(values_us, return_counts=True)
        pending = self._pending
        for value_us, count in zip(values_us.tolist(), counts.tolist(), strict=True):
            pending[value_us] = pending.get(value_us, 0) + count
        if len(pending) > _PENDING_LIMIT:
            self._settled()

    def merge(self, other: "Histogram") -> None:
        """Add the counts of another histogram, as if its values had been recorded here."""
        if other.max_ns is None:
            return
        pending, buckets = other.contents()
        for value_us, count in pending.items():
            self._pending[value_us] = self._pending.get(value_us, 0) + count
        if buckets is not None:
            self._settled().add(buckets)
        if len(self._pending) > _PENDING_LIMIT:
            self._settled()
        self.max_ns = other.max_ns if self.max_ns is None else max(self.max_ns, other.max_ns)

    def contents(self) -> tuple[dict[int, int], HdrHistogram | None]:
        """Return the counts by the microsecond, not in buckets yet, and the buckets if any.

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
        text: bytes = self._settled().encode()
        return text.decode("ascii")

    @classmethod
    def from_payload(cls, payload: str, max_ns: int | None) -> "Histogram":
        """Return a histogram from what `payload` gave and the exact maximum.

        Raises:
            ValueError: The payload cannot be read, or does not fit the maximum.
        """
        histogram = cls()
        try:
            histogram._settled().decode_and_add(payload)
        except _UNREADABLE as error:
            raise ValueError(f"not an encoded histogram: {type(error).__name__}") from error
        if (histogram._settled().get_total_count() == 0) != (max_ns is None):
            raise ValueError("not an encoded histogram: its maximum does not fit its counts")
        histogram.max_ns = max_ns
        return histogram

    def summary(self) -> DurationSummary | None:
        """Return nearest-rank percentiles and the exact maximum; `None` when it is empty.

        A percentile is the upper edge of its bucket, at most 0.1 % too long.
        """
        if self.max_ns is None:
            return None
        buckets = self._settled()
        reached = np.cumsum(np.frombuffer(buckets.counts, dtype=np.uint64))
        n = int(reached[-1])

        def percentile_ms(permille: int) -> float:
            # Rank ceil(n p), in whole numbers so that no rank is lost to a binary fraction.
            index = int(np.searchsorted(reached, -(-n * permille // 1000)))
            lowest_us = buckets.get_value_from_index(index)
            highest_us: int = buckets.get_highest_equivalent_value(lowest_us)
            return min(highest_us / _US_PER_MS, largest_ms)

        largest_ms = self.max_ns / NS_PER_MS
        return DurationSummary(
            n=n,
            p50_ms=percentile_ms(500),
            p99_ms=percentile_ms(990),
            p999_ms=percentile_ms(999),
            max_ms=largest_ms,
        )

    def _settled(self) -> HdrHistogram:
        """Move what was counted by the microsecond into the buckets, and return these.

        All at once: the library takes microseconds for each value, and whoever records a frame
        waits meanwhile for the interpreter.
        """
        if self._buckets is None:
            self._buckets = HdrHistogram(1, LONGEST_US, _DIGITS)
        buckets, pending = self._buckets, self._pending
        if pending:
            values_us = np.fromiter(pending.keys(), dtype=np.int64, count=len(pending))
            counts = np.fromiter(pending.values(), dtype=np.uint64, count=len(pending))
            np.add.at(
                np.frombuffer(buckets.counts, dtype=np.uint64), _places(buckets, values_us), counts
            )
            buckets.total_count += int(counts.sum())
            buckets.min_value = min(buckets.min_value, int(values_us.min()))
            buckets.max_value = max(buckets.max_value, int(values_us.max()))
            pending.clear()
        return buckets


def _places(buckets: HdrHistogram, values_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the library counts these values, as its own `record_value` finds it.

    A value's bucket is how often it must be halved to fit the finest one; within a bucket the
    library has one place per halved value, and keeps only the upper half of all but the first.
    """
    magnitude, half = (
        int(buckets.sub_bucket_half_count_magnitude),
        int(buckets.sub_bucket_half_count),
    )
    at_least = (values_us | int(buckets.sub_bucket_mask)).astype(np.float64)
    bits = np.frexp(at_least)[1].astype(np.int64)
    bucket = bits - (magnitude + 1)
    return ((bucket + 1) << magnitude) + (values_us >> bucket) - half
