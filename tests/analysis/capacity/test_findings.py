from collections.abc import Callable
from dataclasses import replace

import numpy as np

from harness.analysis.capacity.findings import CapacityFindings, findings_of
from harness.analysis.capacity.search import Ending, Search, SearchRule
from harness.analysis.capacity.step import StepResult
from harness.analysis.objectives.verdict import GateVerdict

Build = Callable[..., StepResult]


def searched(
    build: Build, limit: int, rule: SearchRule | None = None, unfit_from: int = 1_000
) -> CapacityFindings:
    search = Search(rule or SearchRule(), np.random.default_rng(1))
    while (load := search.next) is not None:
        unfit = "frames were late" if load >= unfit_from else ""
        search.record(build(load, 0.0 if load <= limit else 0.9, unfit=unfit))
    return findings_of(search, ("a note",))


def test_a_limit_that_was_found(build: Build) -> None:
    found = searched(build, 12)
    assert found.sentence == "12 calls [12, 12]."
    assert found.boundary is not None
    assert found.boundary.kind == "cliff"
    assert found.verdict(None) is GateVerdict.PASS
    assert found.verdict(12) is GateVerdict.PASS
    assert found.verdict(13) is GateVerdict.FAIL
    assert found.notes == ("a note",)


def test_nothing_held(build: Build) -> None:
    found = searched(build, 0)
    assert found.sentence == "Not even one call meets the objectives."
    assert found.verdict(None) is GateVerdict.FAIL


def test_one_call_that_missed_by_chance_is_no_failure(build: Build) -> None:
    """Twenty turns of one call, two of them late: more would have to tell."""
    search = Search(SearchRule(start=4, fewest_repeats=1, repeats=1), np.random.default_rng(1))
    for load, share, turns in ((4, 0.9, 80), (2, 0.5, 40), (1, 0.1, 20)):
        search.record(build(load, share, turns=turns))
    found = findings_of(search)
    assert found.ending is Ending.NOTHING_HELD
    assert found.sentence == "No load that was tried meets the objectives: 0 calls [0, 1]."
    assert found.verdict(None) is GateVerdict.INCONCLUSIVE
    assert found.verdict(2) is GateVerdict.FAIL


def test_the_most_held(build: Build) -> None:
    found = searched(build, 90, SearchRule(most=16))
    assert "At least 16 calls" in found.sentence
    assert found.verdict(None) is GateVerdict.INCONCLUSIVE
    assert found.verdict(16) is GateVerdict.PASS
    assert found.verdict(17) is GateVerdict.INCONCLUSIVE


def test_the_generator_is_the_limit(build: Build) -> None:
    found = searched(build, 90, unfit_from=16)
    assert found.sentence == "At least 8 calls (the generator, not the target, is the limit)."
    assert found.verdict(None) is GateVerdict.INCONCLUSIVE
    assert found.verdict(8) is GateVerdict.PASS


def test_where_nothing_tells_of_an_objective_the_generator_is_not_blamed(build: Build) -> None:
    search = Search(SearchRule(start=8), np.random.default_rng(1), [build(8, 0.0)])
    for _ in range(2):
        search.record(replace(build(16, 0.0, unfit="no session was opened"), untold=True))
    found = findings_of(search)
    assert found.sentence == "At least 8 calls (at the next load nothing tells of an objective)."
    assert found.verdict(None) is GateVerdict.INCONCLUSIVE


def test_nothing_is_known_where_no_step_was_fit(build: Build) -> None:
    found = searched(build, 90, unfit_from=1)
    assert found.limit is None
    assert found.sentence.startswith("The limit is not known")
    assert found.verdict(1) is GateVerdict.INCONCLUSIVE
