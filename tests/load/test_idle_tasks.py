from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import BadInput
from harness.load.idle_tasks import MOST_IDLE, counted


class TaskSet:
    """As Locust's, which patches the whole process when it is imported."""


def user() -> Any:
    return SimpleNamespace(calls_begun=0, idle_tasks=0)


def test_tasks_that_never_hold_a_call_are_bad_input() -> None:
    idle, one = counted(lambda user: None), user()
    for _ in range(MOST_IDLE - 1):
        idle(one)
    with pytest.raises(BadInput, match=f"{MOST_IDLE} of its tasks in a row held no call"):
        idle(one)


def test_one_that_holds_a_call_now_and_then_goes_on() -> None:
    def calls(user: Any) -> None:
        user.calls_begun += 1

    idle, holds, one = counted(lambda user: None), counted(calls), user()
    for turn in range(3 * MOST_IDLE):
        (holds if turn % 500 == 0 else idle)(one)


def test_a_task_keeps_its_name_and_tags_and_is_counted_once() -> None:
    def order(user: Any) -> None:
        """Order."""

    order.locust_tag_set = {"short"}  # type: ignore[attr-defined]
    found = counted(order)
    assert (found.__name__, found.locust_tag_set) == ("order", {"short"})
    assert counted(found) is found
    assert counted(TaskSet) is TaskSet
