from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from harness.analysis.capacity.search import IN_WORDS, Ending, Search, SearchRule
from harness.analysis.capacity.step import StepResult

Build = Callable[..., StepResult]
Missed = Callable[[int], float]


def search(
    build: Build, missed: Missed, rule: SearchRule | None = None, seed: int = 1
) -> tuple[Search, list[int]]:
    """Search to the end, and return the loads in order as well."""
    found = Search(rule or SearchRule(), np.random.default_rng(seed))
    loads: list[int] = []
    while (load := found.next) is not None:
        loads.append(load)
        assert len(loads) < 60
        found.record(build(load, missed(load)))
    return found, loads


def edge(limit: int) -> Missed:
    return lambda load: 0.0 if load <= limit else 0.9


def test_doubles_then_narrows_then_repeats_then_looks_beyond(build: Build) -> None:
    found, loads = search(build, edge(12))
    assert loads[:5] == [1, 2, 4, 8, 16]
    assert loads.count(12) == loads.count(13) == 3
    assert max(loads) >= 17
    assert found.ending is Ending.FOUND


def test_points_between_are_in_random_order(build: Build) -> None:
    orders = {tuple(search(build, edge(75), seed=seed)[1][8:12]) for seed in range(6)}
    assert len(orders) > 1
    assert len({tuple(sorted(order)) for order in orders}) == 1


def test_the_same_results_lead_to_the_same_next_step(build: Build) -> None:
    whole, loads = search(build, edge(75))
    for length in range(len(loads)):
        again = Search(SearchRule(), np.random.default_rng(1), whole.results[:length])
        assert again.next == loads[length]


def test_large_limits_are_found_to_the_precision(build: Build) -> None:
    found, loads = search(build, edge(1_000), SearchRule(precision=0.05))
    assert found.ending is Ending.FOUND
    below = max(load for load in loads if load <= 1_000)
    above = min(load for load in loads if load > 1_000)
    assert above <= 1.05 * below
    assert len(loads) < 30


def test_starts_too_high_and_goes_down(build: Build) -> None:
    found, loads = search(build, edge(3), SearchRule(start=40))
    assert loads[:4] == [40, 20, 10, 5]
    assert found.ending is Ending.FOUND


def test_not_even_one_call(build: Build) -> None:
    found, loads = search(build, edge(0))
    assert loads == [1, 1, 1]
    assert found.ending is Ending.NOTHING_HELD


def test_a_single_call_that_tells_too_little_is_not_the_end(build: Build) -> None:
    """One of ten turns was late: that may be chance, and more callers make more turns."""
    found = Search(SearchRule(), np.random.default_rng(1))
    while (load := found.next) is not None:
        few = load == 1
        missed = 0.1 if few else edge(12)(load)
        found.record(build(load, missed, turns=10 if few else 400))
    assert found.ending is Ending.FOUND


def test_ends_at_the_most(build: Build) -> None:
    found, loads = search(build, edge(100), SearchRule(most=24))
    assert loads == [1, 2, 4, 8, 16, 24]
    assert found.ending is Ending.MOST_HELD


def test_unfit_step_is_repeated_and_counts_for_nothing(build: Build) -> None:
    found = Search(SearchRule(start=8), np.random.default_rng(1))
    found.record(build(8, 0.0, unfit="frames were late"))
    assert found.next == 8
    found.record(build(8, 0.0))
    assert found.next == 16


def test_unfit_twice_ends_with_the_generator(build: Build) -> None:
    found = Search(SearchRule(start=8), np.random.default_rng(1))
    found.record(build(8, 0.0))
    for _ in range(2):
        found.record(build(16, 0.0, unfit="frames were late"))
    assert found.next is None
    assert found.ending is Ending.GENERATOR
    assert IN_WORDS[found.ending] == "the generator, not the target, is the limit"


def test_unfit_far_beyond_the_limit_spoils_nothing(build: Build) -> None:
    found = Search(SearchRule(start=8), np.random.default_rng(1))
    while (load := found.next) is not None:
        found.record(build(load, edge(15)(load), unfit="late" if load > 16 else ""))
    assert found.ending is Ending.FOUND


def test_first_step_unfit_twice_is_the_end(build: Build) -> None:
    found = Search(SearchRule(), np.random.default_rng(1))
    for _ in range(2):
        found.record(build(1, 0.0, unfit="frames were late"))
    assert found.ending is Ending.GENERATOR


@pytest.mark.parametrize(
    ("rule", "ending"),
    [
        (SearchRule(budget_s=200), Ending.TIME),
        (SearchRule(budget_cost=0.35), Ending.MONEY),
    ],
)
def test_stops_before_a_budget_is_spent(build: Build, rule: SearchRule, ending: Ending) -> None:
    found, loads = search(build, edge(12), rule)
    assert found.ending is ending
    assert sum(step.seconds for step in found.results) <= 200
    assert len(loads) == 3 or sum(step.cost or 0 for step in found.results) <= 0.35


def test_a_budget_of_money_is_not_ignored_where_the_cost_is_not_known(build: Build) -> None:
    found = Search(SearchRule(budget_cost=5), np.random.default_rng(1))
    found.record(replace(build(1, 0.0), cost=None))
    assert found.ending is Ending.UNPRICED
    assert found.next is None


def test_larger_budget_goes_on(build: Build) -> None:
    stopped, _ = search(build, edge(12), SearchRule(budget_s=200))
    again = Search(SearchRule(budget_s=9_000), np.random.default_rng(1), stopped.results)
    assert again.next == 8


def test_steps_left_falls_to_none(build: Build) -> None:
    found, loads = search(build, edge(12))
    assert found.steps_left == 0
    early = Search(SearchRule(), np.random.default_rng(1), found.results[:5])
    assert 5 <= early.steps_left <= 2 * len(loads)


def test_a_chance_miss_on_the_way_up_is_repaired(build: Build) -> None:
    """The first look at 8 calls is bad luck; the limit is at 20."""
    seen: list[int] = []

    def missed(load: int) -> float:
        seen.append(load)
        return 0.08 if load == 8 and seen.count(8) == 1 else edge(20)(load)

    found, loads = search(build, missed)
    assert found.ending is Ending.FOUND
    assert max(load for load in loads if edge(20)(load) == 0) >= 19


@pytest.mark.parametrize(
    "fields", [{"start": 0}, {"start": 9, "most": 8}, {"precision": 0}, {"fewest_repeats": 9}]
)
def test_rules_that_search_nothing_are_refused(fields: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"nothing|repeats"):
        SearchRule(**fields)
