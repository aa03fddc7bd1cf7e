from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.bench.search import Search, TrialOutcome

MOST = 6_400


def hunt(search: Search, outcome_of: Callable[[int], TrialOutcome], limit: int = 100) -> list[int]:
    """Answer until nothing is asked any more; return what was asked."""
    asked: list[int] = []
    while (number := search.next) is not None:
        assert len(asked) < limit, f"no end: {asked}"
        asked.append(number)
        search.record(number, outcome_of(number))
    return asked


def holds_up_to(most: int) -> Callable[[int], TrialOutcome]:
    return lambda number: TrialOutcome.HELD if number <= most else TrialOutcome.FAILED


@given(capacity=st.integers(1, 20_000), start=st.integers(1, MOST))
def test_the_largest_that_holds_is_found_to_a_step(capacity: int, start: int) -> None:
    search = Search(start, most=MOST, step=1.2)
    asked = hunt(search, holds_up_to(capacity))
    best = search.best
    assert search.confirmed
    assert best is not None
    assert best <= min(capacity, MOST)
    if capacity >= MOST:
        assert best == MOST
    elif capacity >= 100:  # below, two digits are coarser than the step
        assert min(capacity, MOST) / best < 1.25
    assert asked.count(best) == 2


@given(
    capacity=st.integers(1, 10_000),
    start=st.integers(1, MOST),
    chances=st.randoms(use_true_random=False),
)
def test_a_disturbed_machine_never_makes_it_endless_nor_beyond_the_truth(
    capacity: int, start: int, chances: Random
) -> None:
    def outcome_of(number: int) -> TrialOutcome:
        disturbed = chances.random() < 0.3
        return TrialOutcome.HELD if number <= capacity and not disturbed else TrialOutcome.FAILED

    search = Search(start, most=MOST)
    hunt(search, outcome_of)
    assert search.best is None or search.best <= capacity


def test_one_failure_is_given_a_second_chance_once_a_lower_number_held() -> None:
    search = Search(100, most=100)
    search.record(100, TrialOutcome.FAILED)
    assert search.next == 50
    search.record(50, TrialOutcome.HELD)
    for _ in range(3):
        assert search.next == 100
        search.record(100, TrialOutcome.HELD)
    assert search.confirmed
    assert search.best == 100


def test_a_failure_beyond_doubt_is_not() -> None:
    search = Search(100, most=400)
    search.record(100, TrialOutcome.FAILED_BEYOND_DOUBT)
    assert search.next == 50


def test_a_number_that_held_and_failed_is_neither_and_tried_again() -> None:
    search = Search(100, most=100)
    search.record(100, TrialOutcome.HELD)
    search.record(100, TrialOutcome.FAILED_BEYOND_DOUBT)
    assert (search.best, search.next) == (None, 50)
    search.record(50, TrialOutcome.HELD)
    assert (search.best, search.next) == (50, 100)
    for _ in range(3):
        search.record(100, TrialOutcome.HELD)
    assert (search.best, search.confirmed) == (100, True)


def test_a_number_that_holds_as_often_as_not_has_failed_in_the_end() -> None:
    search = Search(50, most=100)
    search.record(50, TrialOutcome.HELD)
    assert search.next == 75
    for verdict in (TrialOutcome.HELD, TrialOutcome.FAILED) * 3:
        search.record(75, verdict)
    assert search.best == 50


def test_out_of_time_with_nothing_that_held_it_goes_down_in_long_steps() -> None:
    search, asked = Search(2_000, most=MOST), []
    search.record(2_000, TrialOutcome.FAILED)
    while (number := search.lower) is not None:
        asked.append(number)
        search.record(number, TrialOutcome.HELD if number <= 40 else TrialOutcome.FAILED)
    assert asked == [500, 125, 31]
    assert search.best == 31


def test_going_down_ends_also_where_nothing_holds() -> None:
    search, asked = Search(12, most=MOST), []
    while (number := search.lower) is not None:
        asked.append(number)
        search.record(number, TrialOutcome.FAILED)
    assert asked == [12, 3, 1]
    assert search.best is None


def test_nothing_holds_is_said_as_nothing() -> None:
    search = Search(8, most=64)
    assert hunt(search, lambda _: TrialOutcome.FAILED_BEYOND_DOUBT) == [8, 4, 2, 1]
    assert search.best is None


def test_out_of_time_the_best_so_far_is_there_but_not_confirmed() -> None:
    search = Search(100, most=MOST)
    search.record(100, TrialOutcome.HELD)
    assert (search.best, search.confirmed) == (100, False)


@pytest.mark.parametrize(("start", "most", "step"), [(0, 10, 1.2), (20, 10, 1.2), (1, 10, 1.0)])
def test_a_search_of_nothing_is_refused(start: int, most: int, step: float) -> None:
    with pytest.raises(ValueError, match="nothing to search"):
        Search(start, most=most, step=step)
