"""Calls given to callers at their instants, in gevent's time but without Locust."""

from collections.abc import Callable
from dataclasses import dataclass

import gevent
import pytest

from harness.clock import now_ns
from harness.errors import BadInput
from harness.load.open_load import OpenLoad, arrivals_of, refuse_shape
from harness.load.options import Options
from harness.load.share import Share


@dataclass
class Instants:
    """Arrivals at instants that are written down."""

    at_ms: list[float]

    @property
    def calls(self) -> int | None:
        return len(self.at_ms)

    @property
    def text(self) -> str:
        return ""

    def start_ns(self, number: int) -> int | None:
        return round(self.at_ms[number] * 1e6) if number < len(self.at_ms) else None


class Classes:
    """Says that even numbers are of one class and odd ones of another."""

    def class_of(self, number: int) -> str:
        return ("even", "odd")[number % 2]


class OneClass:
    def class_of(self, number: int) -> str:
        return "even"


def load_of(
    at_ms: list[float], dropped: list[int], *, share: Share | None = None, schedule: object = None
) -> OpenLoad:
    def drop(number: int, planned_ns: int) -> None:
        dropped.append(number)

    share = share or Share(origin_ns=0)
    return OpenLoad(Instants(at_ms), share, None, schedule or OneClass(), drop)  # type: ignore[arg-type]


def caller(load: OpenLoad, name: str, held: list[int], for_s: float = 0.0) -> Callable[[], None]:
    def calls() -> None:
        while (planned := load.take(name)) is not None:
            held.append(planned[0])
            gevent.sleep(for_s)

    return calls


def test_calls_begin_at_their_instants_and_not_before() -> None:
    load, began = load_of([0, 40, 80], []), []

    def calls() -> None:
        while (planned := load.take("even")) is not None:
            began.append((planned, now_ns()))

    waiting = gevent.spawn(calls)
    gevent.sleep(0)
    zero_ns = now_ns()
    load.begin(zero_ns)
    waiting.join(5)
    assert [planned for planned, _ in began] == [
        (0, zero_ns),
        (1, zero_ns + 40_000_000),
        (2, zero_ns + 80_000_000),
    ]
    assert all(at_ns >= planned_ns for (_, planned_ns), at_ns in began)
    assert load.exhausted


def test_a_call_without_a_free_caller_is_dropped_and_the_next_one_is_held() -> None:
    dropped: list[int] = []
    held: list[int] = []
    load = load_of([0, 1, 600], dropped)
    waiting = gevent.spawn(caller(load, "even", held, for_s=0.3))
    gevent.sleep(0)
    load.begin(now_ns())
    waiting.join(10)
    assert (held, dropped) == ([0, 2], [1])


def test_each_class_has_callers_of_its_own() -> None:
    dropped: list[int] = []
    held: dict[str, list[int]] = {"even": [], "odd": []}
    load = load_of([0, 200, 800, 1_000], dropped, schedule=Classes())
    waiting = [
        gevent.spawn(caller(load, "even", held["even"])),
        gevent.spawn(caller(load, "odd", held["odd"], for_s=3.0)),
    ]
    gevent.sleep(0)
    load.begin(now_ns())
    gevent.joinall(waiting, 10)
    assert held == {"even": [0, 2], "odd": [1]}
    assert dropped == [3]


def test_where_a_class_has_no_caller_another_one_stands_in() -> None:
    dropped: list[int] = []
    held: list[int] = []
    load = load_of([0, 400, 800], dropped, schedule=Classes())
    waiting = gevent.spawn(caller(load, "even", held))
    gevent.sleep(0)
    load.begin(now_ns())
    waiting.join(5)
    assert (held, dropped) == ([0, 1, 2], [])


def test_workers_hold_the_schedule_of_one_between_them() -> None:
    held: list[int] = []
    for slot in range(4):
        load = load_of([0.0] * 10, [], share=Share(origin_ns=0, slot=slot, slots=4))
        waiting = [gevent.spawn(caller(load, "even", held)) for _ in range(3)]
        gevent.sleep(0)
        load.begin(now_ns())
        gevent.joinall(waiting, 5)
    assert sorted(held) == list(range(10))


def test_a_caller_that_is_ended_while_it_waits_gets_no_call() -> None:
    dropped: list[int] = []
    load = load_of([20], dropped)
    waiting = gevent.spawn(caller(load, "even", []))
    gevent.sleep(0)
    waiting.kill()
    load.begin(now_ns())
    gevent.sleep(0.1)
    assert dropped == [0]


def test_a_call_given_to_a_caller_that_is_being_ended_is_held_or_a_row() -> None:
    dropped: list[int] = []
    held: list[int] = []
    load = load_of([0], dropped)
    waiting = gevent.spawn(caller(load, "even", held))
    gevent.sleep(0)
    load._give(0, 0)
    waiting.kill()
    assert held + dropped == [0]


def test_the_end_of_a_run_lets_go_of_all_callers() -> None:
    dropped: list[int] = []
    load = load_of([60_000], dropped)
    waiting = [gevent.spawn(caller(load, "even", [])) for _ in range(3)]
    gevent.sleep(0)
    load.begin(now_ns())
    load.end()
    gevent.joinall(waiting, 5)
    assert all(one.ready() for one in waiting)
    assert load.exhausted
    assert load.take("even") is None
    assert dropped == []


def test_a_closed_load_has_no_arrivals() -> None:
    assert arrivals_of(Options(host="ws://h")) is None
    assert arrivals_of(Options(host="ws://h", arrivals="30/min")) is not None


def test_a_shape_and_arrivals_do_not_go_together() -> None:
    refuse_shape(Options(host="ws://h"), object())
    refuse_shape(Options(host="ws://h", arrivals="30/min"), None)
    with pytest.raises(BadInput, match="does not go with"):
        refuse_shape(Options(host="ws://h", arrivals="30/min"), object())
