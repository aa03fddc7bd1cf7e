import numpy as np
import pytest

from harness.errors import BadInput
from harness.model import NS_PER_MS
from harness.simulator.timing.call_load import CallLoad, CallRule
from harness.simulator.timing.capacity import Capacity, CapacityRule


def test_knee_costs_nothing_up_to_it_and_more_with_every_call_beyond() -> None:
    rule = CallRule(knee=12, slower_ms=150)
    waits_ms = [(rule.wait_ns(calls) or 0) / NS_PER_MS for calls in (1, 12, 13, 14, 24)]
    assert waits_ms == [0, 0, 150, 300, 1_800]


def test_cliff_is_as_high_for_one_call_as_for_many() -> None:
    rule = CallRule(knee=12, cliff_ms=900)
    assert rule.wait_ns(12) == 0
    assert rule.wait_ns(13) == rule.wait_ns(100) == 900 * NS_PER_MS


def test_refusal_turns_responses_away_beyond_the_knee() -> None:
    rule = CallRule(knee=2, refuse=True)
    assert rule.wait_ns(2) == 0
    assert rule.wait_ns(3) is None


def test_waits_for_calls_and_for_slots_add_up() -> None:
    slots = Capacity(CapacityRule(slots=1, cliff_ms=500.0), np.random.default_rng(1))
    load = CallLoad(CallRule(knee=1, slower_ms=100), lambda: 3, slots)
    assert [load.admit(0), load.admit(1)] == [200 * NS_PER_MS, 700 * NS_PER_MS]


@pytest.mark.parametrize(
    "fields", [{"knee": 0, "slower_ms": 1}, {"knee": 3}, {"knee": 3, "slower_ms": -1}]
)
def test_rules_that_say_nothing_are_refused(fields: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        CallRule(**fields)  # type: ignore[arg-type]
