from types import SimpleNamespace
from typing import Any

import pytest

from harness.load.load_defaults import complete


def parsed(**given: Any) -> Any:
    nothing = {
        "arrivals": "",
        "num_users": None,
        "spawn_rate": None,
        "run_time": None,
        "calls": 0,
        "live_line": True,
    }
    return SimpleNamespace(**{**nothing, **given})


def test_harness_run_has_callers_and_an_end_of_its_own() -> None:
    found = parsed()
    complete(found, None, [])
    assert (found.num_users, found.spawn_rate, found.run_time) == (20, 5.0, 60)


def test_what_was_said_stays() -> None:
    found = parsed(num_users=3, spawn_rate=1.0, calls=7)
    complete(found, None, [])
    assert (found.num_users, found.spawn_rate, found.run_time) == (3, 1.0, None)


def test_plain_locust_has_the_defaults_of_locust() -> None:
    found = parsed(live_line=False)
    complete(found, None, [])
    assert (found.num_users, found.spawn_rate, found.run_time) == (None, None, None)


def test_a_shape_says_itself_how_many_and_how_long() -> None:
    found = parsed()
    complete(found, object(), [])
    assert (found.num_users, found.spawn_rate, found.run_time) == (None, None, None)


@pytest.mark.parametrize("live_line", [True, False])
def test_callers_of_an_open_load_start_together(live_line: bool) -> None:
    found = parsed(arrivals="30/min", num_users=40, live_line=live_line)
    complete(found, None, [])
    assert found.spawn_rate == 40
    open_by_scenario = parsed(num_users=400, live_line=live_line)
    complete(open_by_scenario, None, [type("A", (), {"dialogue": 1, "arrivals": "30/min"})])
    assert open_by_scenario.spawn_rate == 100


def test_a_table_of_calls_is_its_own_end() -> None:
    found = parsed(arrivals="4,6")
    complete(found, None, [])
    assert found.run_time is None
