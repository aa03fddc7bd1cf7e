"""The deadlines of an engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.load.deadlines import Deadlines


@given(st.lists(st.integers(0, 5)))
def test_everything_comes_out_once_in_order_of_time_and_then_of_coming(instants: list[int]) -> None:
    deadlines: Deadlines[int] = Deadlines()
    for item, due_ns in enumerate(instants):
        deadlines.add(due_ns, item)

    taken = []
    while (due_ns_or_none := deadlines.next_ns) is not None:
        taken += [(due_ns_or_none, item) for item in deadlines.take()]

    assert taken == sorted((due_ns, item) for item, due_ns in enumerate(instants))


def test_an_instant_that_was_taken_can_be_filled_again() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.add(1, "a")
    assert deadlines.take() == ["a"]
    deadlines.add(1, "b")
    assert (deadlines.next_ns, deadlines.take()) == (1, ["b"])


def test_nothing_can_be_taken_when_nothing_is_due() -> None:
    with pytest.raises(IndexError):
        Deadlines[str]().take()
