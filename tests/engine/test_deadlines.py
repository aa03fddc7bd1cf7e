"""The deadlines of an engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.engine.deadlines import Deadlines


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([20, 100]))))
def test_everything_comes_out_once_in_order_of_time_and_then_of_coming(
    keys: list[tuple[int, int]],
) -> None:
    deadlines: Deadlines[int] = Deadlines()
    for item, (due_ns, every_ns) in enumerate(keys):
        deadlines.add(due_ns, every_ns, item)

    taken = []
    while (next_ns := deadlines.next_ns) is not None:
        due_ns, every_ns, items = deadlines.take()
        assert due_ns == next_ns
        taken += [((due_ns, every_ns), item) for item in items]

    assert taken == sorted((key, item) for item, key in enumerate(keys))


def test_a_slot_that_is_put_back_keeps_its_order_and_joins_what_is_there() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.add(20, 20, "came later")
    deadlines.add_all(20, 20, ["a", "b"])
    deadlines.add_all(20, 20, [])
    assert deadlines.take() == (20, 20, ["came later", "a", "b"])
    assert deadlines.next_ns is None


def test_an_instant_that_was_taken_can_be_filled_again() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.add(1, 20, "a")
    assert deadlines.take() == (1, 20, ["a"])
    deadlines.add(1, 20, "b")
    assert deadlines.take() == (1, 20, ["b"])


def test_nothing_can_be_taken_when_nothing_is_due() -> None:
    with pytest.raises(IndexError):
        Deadlines[str]().take()
