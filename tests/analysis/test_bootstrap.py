import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.bootstrap import (
    Pairs,
    differences,
    fewest_sessions,
    interval,
    median_interval,
)

_LATENCIES = st.lists(st.integers(0, 50), min_size=1, max_size=6)


def _pairs(cells: list[list[int]]) -> Pairs:
    values = [float(value) for cell in cells for value in sorted(cell)]
    numbers = [number for number, cell in enumerate(cells) for _ in cell]
    return Pairs(
        tuple(("net", str(number)) for number in range(len(cells) // 2)),
        np.array(values),
        np.array(numbers),
        np.array([number % 2 + 2 * (at % 3) for at, number in enumerate(numbers)]),
        np.arange(len(cells) // 2),
    )


@given(st.lists(_LATENCIES, min_size=2, max_size=12).filter(lambda cells: len(cells) % 2 == 0))
def test_a_difference_is_that_of_two_medians(cells: list[list[int]]) -> None:
    pairs = _pairs(cells)
    found = differences(pairs, np.ones((1, len(pairs.values))))[0]
    expected = [
        np.median(under) - np.median(clean)
        for clean, under in zip(cells[::2], cells[1::2], strict=True)
    ]
    assert found.tolist() == expected


@given(st.lists(_LATENCIES, min_size=2, max_size=8).filter(lambda c: len(c) % 2 == 0), st.data())
def test_a_turn_drawn_twice_counts_twice_and_one_not_drawn_not_at_all(
    cells: list[list[int]], data: st.DataObject
) -> None:
    pairs = _pairs(cells)
    count = len(pairs.values)
    weights = data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    found = differences(pairs, np.array([weights], dtype=np.float64))[0]
    drawn = [
        np.repeat(pairs.values[pairs.cells == cell], np.array(weights)[pairs.cells == cell])
        for cell in range(len(cells))
    ]
    for number, difference in enumerate(found):
        clean, under = drawn[2 * number : 2 * number + 2]
        if len(clean) and len(under):
            assert difference == np.median(under) - np.median(clean)
        else:
            assert np.isnan(difference)


def test_an_answer_that_never_came_is_above_all_others() -> None:
    pairs = _pairs([[5], [7], [5], [7]])
    pairs.values[1] = np.inf
    pairs.values[2] = np.inf
    found = differences(pairs, np.ones((1, 4)))[0]
    assert found.tolist() == [np.inf, -np.inf]
    pairs.values[:] = np.inf
    assert np.isnan(differences(pairs, np.ones((1, 4)))).all()


def test_few_sessions_widen_the_interval() -> None:
    rng = np.random.default_rng(1)
    pairs = _pairs([rng.integers(0, 100, 6).tolist() for _ in range(20)])
    assert fewest_sessions(pairs) == 3
    each = differences(pairs, np.ones((1, len(pairs.values))))[0]
    widths = []
    for fewest in (2, 3, 10):
        value, low, high = interval(pairs, each, fewest)
        assert value is not None
        assert low is not None
        assert high is not None
        assert low <= value <= high
        widths.append(high - low)
    assert widths[0] > widths[1] >= widths[2]


@given(st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=30), st.integers(2, 6))
def test_the_interval_of_a_median_is_around_it_and_moves_with_the_differences(
    each: list[float], clusters: int
) -> None:
    of = np.arange(len(each)) % clusters
    found = median_interval(np.array(each), of)
    value, low, high = (end for end in found if end is not None)
    assert value == pytest.approx(np.median(each))
    assert low <= value <= high
    moved = median_interval(np.array(each) + 50.0, of)
    assert moved == pytest.approx((value + 50.0, low + 50.0, high + 50.0), abs=1e-6)


def test_an_end_among_turns_without_an_answer_is_open() -> None:
    each = np.array([1.0, 2.0, 3.0, 4.0, np.inf, np.inf, np.inf])
    value, low, high = median_interval(each, np.arange(7))
    assert value == 4.0
    assert low is not None
    assert high is None
    assert median_interval(np.full(6, np.inf), np.arange(6)) == (None, None, None)
