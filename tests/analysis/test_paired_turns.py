"""Turns of two targets that belong together, and the difference of their latencies."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.metrics import BY_NAME
from harness.analysis.paired_turns import (
    HEADLINE,
    Pairing,
    by_utterance,
    error_bound_ms,
    latency_difference,
    pair_turns,
)
from harness.model import Run, TurnRecord, TurnStatus
from harness.model.against_document import LatencyDifference
from tests.analysis.conftest import build_run, build_turn

CALLS, TURNS = 8, 4
Table = np.ndarray[Any, np.dtype[np.float64]]


def held(latencies_ms: Sequence[Sequence[float]], **changed: TurnRecord) -> Run:
    """Return a run with a call a row; `changed` replaces turns by `call_index`."""
    turns = [
        changed.get(
            f"s{call}_{index}",
            build_turn(ms, session=f"s{call}", index=index, utterance_id=f"u{call}{index}"),
        )
        for call, row in enumerate(latencies_ms)
        for index, ms in enumerate(row)
    ]
    return build_run(turns)


def lost(call: int, index: int, status: TurnStatus, **more: Any) -> TurnRecord:
    return build_turn(
        None, session=f"s{call}", index=index, utterance_id=f"u{call}{index}", status=status, **more
    )


@pytest.fixture
def table() -> Table:
    return np.random.default_rng(5).uniform(500, 900, (CALLS, TURNS))


def ends(found: LatencyDifference) -> tuple[float, float, float]:
    """Return a difference and its interval, all of which are known."""
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    return found.value, found.low, found.high


def compared(target: Run, against: Run) -> Pairing:
    return pair_turns([(target, against)])


def test_a_shift_of_every_turn_is_found_exactly(table: Table) -> None:
    found = compared(held((table + 120).tolist()), held(table.tolist()))
    difference = latency_difference(HEADLINE, found.pairs)
    assert (difference.n, difference.calls) == (CALLS * TURNS, CALLS)
    assert ends(difference) == pytest.approx((120, 120, 120))
    assert found.unpaired == ()


@given(st.integers(-400, 400), st.integers(0, 100))
def test_the_sides_may_be_exchanged(shift: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mine = rng.uniform(900, 1_500, (CALLS, TURNS)) + shift
    theirs = rng.uniform(900, 1_500, (CALLS, TURNS))
    one = latency_difference(HEADLINE, compared(held(mine.tolist()), held(theirs.tolist())).pairs)
    other = latency_difference(HEADLINE, compared(held(theirs.tolist()), held(mine.tolist())).pairs)
    value, low, high = ends(one)
    assert value == pytest.approx(-ends(other)[0])
    assert low <= value <= high


def test_calls_that_differ_as_a_whole_widen_the_interval(table: Table) -> None:
    rng = np.random.default_rng(6)
    noise = rng.normal(0, 100, (CALLS, TURNS))
    of_call = np.repeat(rng.normal(0, 100, (CALLS, 1)), TURNS, axis=1)
    widths = []
    for extra in (noise, of_call):
        found = compared(held((table + 200 + extra).tolist()), held(table.tolist()))
        _, low, high = ends(latency_difference(HEADLINE, found.pairs))
        widths.append(high - low)
    assert widths[1] > 1.2 * widths[0]


def test_a_turn_without_an_answer_counts_as_slower_than_all(table: Table) -> None:
    silent = {f"s{call}_0": lost(call, 0, TurnStatus.TIMEOUT) for call in range(3)}
    found = compared(held((table + 50).tolist(), **silent), held(table.tolist()))
    difference = latency_difference(HEADLINE, found.pairs)
    assert (difference.n, difference.no_answer, difference.no_answer_against) == (32, 3, 0)
    assert difference.value == pytest.approx(50)
    other = latency_difference(
        HEADLINE, compared(held(table.tolist()), held((table + 50).tolist(), **silent)).pairs
    )
    assert (other.no_answer, other.no_answer_against) == (0, 3)


def test_a_difference_among_turns_without_an_answer_is_not_a_number(table: Table) -> None:
    silent = {
        f"s{call}_{index}": lost(call, index, TurnStatus.NO_REPLY)
        for call in range(CALLS)
        for index in range(3)
    }
    found = compared(held(table.tolist(), **silent), held(table.tolist()))
    difference = latency_difference(HEADLINE, found.pairs)
    assert difference.value is None
    assert difference.why == "too many turns had no answer within the limit"


def test_what_cannot_be_compared_is_counted_by_how_it_ended(table: Table) -> None:
    target = held(
        table.tolist(),
        s0_0=lost(0, 0, TurnStatus.TIMEOUT),
        s0_1=lost(0, 1, TurnStatus.VOID),
        s0_2=lost(0, 2, TurnStatus.FAILED),
        s1_0=lost(1, 0, TurnStatus.FAILED),
        s0_3=build_turn(700, session="s0", index=3, utterance_id="something else"),
    )
    against = held(table.tolist(), s0_0=lost(0, 0, TurnStatus.TIMEOUT))
    against = replace(against, turns=against.turns[:-1])
    found = compared(target, against)
    left = found.unpaired
    assert {(one.status, one.status_against): (one.n, one.utterances) for one in left} == {
        ("failed", "completed"): (2, ("u02", "u10")),
        ("timeout", "timeout"): (1, ("u00",)),
        ("void", "completed"): (1, ("u01",)),
        ("other words", "other words"): (1, ("u03",)),
        ("completed", "absent"): (1, ("u73",)),
    }
    assert left[0].n == 2
    planned = {(turn.session_id, turn.turn_index) for turn in (*target.turns, *against.turns)}
    assert len(found.pairs) + sum(one.n for one in left) == len(planned)


def test_rounds_have_calls_of_their_own(table: Table) -> None:
    first = held((table[:3] + 10).tolist()), held(table[:3].tolist())
    second = held((table[:3] + 30).tolist()), held(table[:3].tolist())
    assert latency_difference(HEADLINE, compared(*first).pairs).why == (
        "needs 5 calls held with both, has 3"
    )
    both = latency_difference(HEADLINE, pair_turns([first, second]).pairs)
    assert (both.n, both.calls) == (24, 6)
    assert both.value == pytest.approx(20)


def test_few_turns_are_no_median(table: Table) -> None:
    found = compared(held(table[:5, :1].tolist()), held(table[:5, :1].tolist()))
    assert latency_difference(HEADLINE, found.pairs).why == (
        "needs 6 turns measured with both, has 5"
    )
    assert latency_difference(BY_NAME["tool_gap"], found.pairs).n == 0


def test_utterances_come_with_their_words_the_largest_difference_first(table: Table) -> None:
    slower = table.copy()
    slower[2, 1] += 300
    slower[4, 2] -= 200
    found = compared(
        held(slower.tolist(), s5_0=lost(5, 0, TurnStatus.TIMEOUT)), held(table.tolist())
    )
    each = by_utterance(found.pairs, {"u21": "good morning"})
    assert [one.utterance for one in each[:3]] == ["u50", "u21", "u42"]
    assert each[0].value is None
    assert each[0].ms is None
    assert each[0].why
    assert each[1].transcript == "good morning"
    assert each[1].value == pytest.approx(300, abs=0.01)
    assert each[1].ms == pytest.approx(slower[2, 1], abs=0.01)
    assert each[1].against_ms == pytest.approx(table[2, 1], abs=0.01)


def test_the_error_of_a_pair_is_that_of_its_worse_side(table: Table) -> None:
    turns = [
        build_turn(600, session=f"s{n}", utterance_id="u", endpoint_lateness_ns=3_000_000)
        for n in range(3)
    ]
    worse = compared(
        build_run(turns), build_run([replace(t, endpoint_lateness_ns=0) for t in turns])
    )
    assert error_bound_ms(worse.pairs) == pytest.approx(3)
    assert error_bound_ms(()) is None
