from dataclasses import replace

from harness.bench.behaviour import BehaviourFindings
from harness.bench.behaviour_truth import DealingFinding

DEALT = DealingFinding(
    processes=1,
    schedule_hash="a",
    said_hash="b",
    calls={"Frequent": 30, "Rare": 10},
    turns_a_call={"Frequent": (1,), "Rare": (2,)},
)


def found(*dealings: DealingFinding) -> BehaviourFindings:
    return BehaviourFindings(made_at="", callers=50, errors=(), faults=(), dealings=dealings)


def test_calls_are_to_be_dealt_by_weight_each_class_with_its_own_dialogue() -> None:
    assert found(DEALT).shares_hold
    assert not found(replace(DEALT, calls={"Frequent": 29, "Rare": 11})).shares_hold
    mixed = replace(DEALT, turns_a_call={"Frequent": (1, 2), "Rare": (2,)})
    assert not found(DEALT, mixed).shares_hold


def test_any_number_of_processes_is_to_plan_and_say_the_same() -> None:
    assert found(DEALT, replace(DEALT, processes=2)).schedules_hold
    assert not found(DEALT, replace(DEALT, said_hash="c")).schedules_hold
    assert not found(DEALT, replace(DEALT, schedule_hash="c")).schedules_hold
