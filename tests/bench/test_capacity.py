from collections.abc import Callable
from typing import Any

import pytest

from harness.bench.capacity import ClientTrials, Sample, compare_clients, judge
from harness.bench.search import TrialOutcome


def sample(sessions: int = 10, **other: Any) -> Sample:
    return {
        "sessions": sessions,
        "sessions_lost": 0,
        "frames_sent": 1000,
        "frames_intended": 1000,
        "late_p50_ms": 0.1,
        "late_p99_ms": 1.0,
        "late_p999_ms": 2.0,
        "cpu_s": 0.5,
        "window_s": 2.0,
        "resident_kb": 50_000 + 40 * sessions,
        "kb_per_session": 60.0,
        "open_s": 0.1,
        **other,
    }


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        ({}, TrialOutcome.HELD),
        ({"late_p99_ms": 5.0, "late_p999_ms": 20.0}, TrialOutcome.HELD),
        ({"late_p99_ms": 5.1}, TrialOutcome.FAILED),
        ({"late_p999_ms": 20.1}, TrialOutcome.FAILED),
        ({"frames_sent": 999}, TrialOutcome.FAILED),
        ({"frames_sent": 900, "cpu_s": 1.95}, TrialOutcome.FAILED_BEYOND_DOUBT),
        ({"late_p99_ms": 15.1, "cpu_s": 1.95}, TrialOutcome.FAILED_BEYOND_DOUBT),
        # With the core not full, somebody else may have had it for a moment.
        ({"frames_sent": 900}, TrialOutcome.FAILED),
        ({"late_p99_ms": 15.1}, TrialOutcome.FAILED),
        ({"sessions_lost": 1}, TrialOutcome.FAILED_BEYOND_DOUBT),
        ({"late_p99_ms": None}, TrialOutcome.FAILED_BEYOND_DOUBT),
    ],
)
def test_a_number_holds_only_if_every_frame_left_in_time(
    other: dict[str, Any], verdict: TrialOutcome
) -> None:
    assert judge(sample(**other)) is verdict


def machine(name: str, capacity: int, log: list[str]) -> Callable[[int], Sample]:
    """A client that is late beyond its capacity, and takes 2 ms of a session-second."""

    def ask(number: int) -> Sample:
        log.append(name)
        late_ms = 1.0 if number <= capacity else 50.0
        return sample(number, late_p99_ms=late_ms, cpu_s=2.0 * 0.002 * number)

    return ask


def test_two_clients_are_searched_in_turns_and_compared_at_one_number() -> None:
    log: list[str] = []
    quick = ClientTrials("quick", 400, machine("quick", 1200, log))
    slow = ClientTrials("slow", 100, machine("slow", 150, log))
    compare_clients((quick, slow), out_of_time=lambda: False, report=lambda _: None)
    assert log[:6] == ["quick", "slow"] * 3
    assert (quick.search.best, slow.search.best) == (1200, 150)
    assert quick.search.confirmed
    assert quick.cpu_ms_per_session_s(150) == pytest.approx(2.0)


def test_out_of_time_ends_the_contest_with_what_is_known() -> None:
    log: list[str] = []
    quick = ClientTrials("quick", 400, machine("quick", 1200, log))
    slow = ClientTrials("slow", 100, machine("slow", 150, log))
    compare_clients((quick, slow), out_of_time=lambda: len(log) >= 2, report=lambda _: None)
    assert (quick.search.best, slow.search.best) == (400, 100)
    assert not quick.search.confirmed
    assert len(quick.samples[100]) == 1, "cost is compared all the same"


def test_memory_is_counted_from_a_few_sessions_to_the_most_that_lived() -> None:
    def ask(number: int) -> Sample:
        lost = number > 900
        return sample(number, resident_kb=50_000 + 40 * number, sessions_lost=int(lost))

    engine = ClientTrials("engine", 400, ask)
    assert engine.kb_per_session() is None, "nothing was weighed"
    engine.weigh(50)
    for number in (400, 800, 1600):
        engine.measure(number)
    assert engine.kb_per_session() == pytest.approx(40.0)


def test_what_was_not_measured_is_none() -> None:
    idle = ClientTrials("idle", 100, lambda number: sample(number, late_p99_ms=None))
    assert idle.typical("late_p99_ms", None) is None
    assert idle.cpu_ms_per_session_s(100) is None
    assert idle.kb_per_session() is None
