import math

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from harness.recording import Histogram
from harness.recording.histogram import LONGEST_US

found = st.lists(st.integers(0, LONGEST_US * 1_000), min_size=1, max_size=60)


def filled(values_ns: list[int]) -> Histogram:
    histogram = Histogram()
    histogram.record_many(values_ns)
    return histogram


@given(found)
def test_percentiles_are_nearest_ranks_to_three_digits_and_never_too_short(
    values_ns: list[int],
) -> None:
    found = filled(values_ns).summary()
    assert found is not None
    assert found.n == len(values_ns)
    assert found.max_ms == max(values_ns) / 1e6
    ordered = sorted(values_ns)
    for share, found_ms in (
        (500, found.p50_ms),
        (990, found.p99_ms),
        (999, found.p999_ms),
    ):
        true_ms = ordered[-(-len(ordered) * share // 1_000) - 1] / 1e6
        assert true_ms <= found_ms <= true_ms * 1.001 + 0.001 + 1e-9


@given(found)
def test_every_value_is_counted_where_the_library_itself_counts_it(values_ns: list[int]) -> None:
    library = HdrHistogram(1, LONGEST_US, 3)
    for value_ns in values_ns:
        library.record_value(-(-value_ns // 1_000))
    found = HdrHistogram(1, LONGEST_US, 3)
    found.decode_and_add(filled(values_ns).payload())
    assert list(found.counts) == list(library.counts)
    assert found.total_count == library.total_count


@given(found, found)
def test_merging_is_exact(ours: list[int], theirs: list[int]) -> None:
    merged = filled(ours)
    merged.merge(filled(theirs))
    assert merged.summary() == filled(ours + theirs).summary()


@given(found)
def test_a_histogram_survives_the_wire(values_ns: list[int]) -> None:
    histogram = filled(values_ns)
    copy = Histogram.decode(histogram.encode())
    assert copy.summary() == histogram.summary()
    copy.record_ns(7)
    histogram.record_ns(7)
    assert copy.summary() == histogram.summary()


def test_a_percentile_of_four_workers_is_that_of_one() -> None:
    values_ns = [int(v) for v in np.random.default_rng(20260107).lognormal(13, 1, 20_000)]
    merged = Histogram()
    for worker in range(4):
        merged.merge(Histogram.decode(filled(values_ns[worker::4]).encode()))
    assert merged.summary() == filled(values_ns).summary()


def test_an_empty_histogram_has_no_spread() -> None:
    empty = Histogram()
    assert empty.summary() is None
    assert Histogram.decode(empty.encode()).summary() is None
    empty.merge(Histogram())
    assert empty.max_ns is None


def test_zero_is_a_value() -> None:
    found = filled([0]).summary()
    assert found is not None
    assert (found.n, found.max_ms, found.p50_ms) == (1, 0.0, 0.0)


@pytest.mark.parametrize("value_ns", [-1, LONGEST_US * 1_000 + 1])
def test_nothing_vanishes(value_ns: int) -> None:
    histogram = Histogram()
    with pytest.raises(ValueError, match="between 0 and 1 hour"):
        histogram.record_ns(value_ns)
    assert histogram.summary() is None


def test_many_distinct_values_are_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.recording.histogram._PENDING_LIMIT", 10)
    found = filled([value * 1_000 for value in range(1_000)]).summary()
    assert found is not None
    assert found.n == 1_000
    assert math.isclose(found.p50_ms, 0.499, rel_tol=0.002)


@pytest.mark.parametrize("text", ["", "x", "5:", ":", "5:HISTF", "5:AAAA", "é:!", "12"])
def test_text_that_is_no_histogram_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Histogram.decode(text)


def test_a_maximum_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="maximum"):
        Histogram.from_payload(filled([5_000]).payload(), None)


@given(found, found)
def test_values_counted_at_once_are_as_those_counted_one_by_one(
    first_ns: list[int], then_ns: list[int]
) -> None:
    at_once = Histogram()
    at_once.record_array(np.array(first_ns, dtype=np.int64))
    at_once.record_array(np.array([], dtype=np.int64))
    at_once.record_array(np.array(then_ns, dtype=np.int64))
    assert at_once.encode() == filled(first_ns + then_ns).encode()


@pytest.mark.parametrize("wrong_ns", [-1, LONGEST_US * 1_000 + 1])
def test_a_value_out_of_range_raises_among_others_too(wrong_ns: int) -> None:
    histogram = Histogram()
    with pytest.raises(ValueError, match=f"got {wrong_ns} ns"):
        histogram.record_array(np.array([5, wrong_ns], dtype=np.int64))
    assert histogram.summary() is None
