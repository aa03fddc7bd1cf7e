from typing import Any

import pytest

from harness.bench.client_trials import MOST_REPEATS, Sample, failures, trial_outcome
from harness.bench.search import TrialOutcome
from tests.bench.trials import Pauses, sample, trials


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
        # With the core not full, another program may have had it for a moment.
        ({"frames_sent": 900}, TrialOutcome.FAILED),
        ({"late_p99_ms": 15.1}, TrialOutcome.FAILED),
        ({"late_p99_ms": 15.1, "cpu_s": None}, TrialOutcome.FAILED),
        ({"sessions_lost": 1}, TrialOutcome.FAILED_BEYOND_DOUBT),
        ({"late_p99_ms": None}, TrialOutcome.FAILED_BEYOND_DOUBT),
        # What was left out is not known, so it cannot be said that nothing was.
        ({"frames_intended": None}, TrialOutcome.FAILED),
    ],
)
def test_a_number_holds_only_if_every_frame_left_in_time(
    other: dict[str, Any], verdict: TrialOutcome
) -> None:
    assert trial_outcome(sample(**other)) is verdict
    assert bool(failures(sample(**other))) is (verdict is not TrialOutcome.HELD)


def test_the_reason_says_what_was_missed() -> None:
    assert failures(sample(late_p999_ms=34.2, frames_sent=990)) == [
        "P99.9 34.2 ms",
        "10 of 1000 frames missing",
    ]


def test_memory_is_counted_from_a_few_sessions_to_the_most_that_lived() -> None:
    def ask(number: int, _: float) -> Sample:
        lost = number > 900
        return sample(number, resident_kb=50_000 + 40 * number, sessions_lost=int(lost))

    engine = trials("engine", 400, ask)
    assert engine.kb_per_session() is None, "nothing was weighed"
    engine.weigh(50)
    for number in (400, 800, 1600):
        engine.measure(number)
    assert engine.kb_per_session() == pytest.approx(40.0)


def test_what_was_not_measured_is_none() -> None:
    idle = trials("idle", 100, lambda number, _: sample(number, late_p99_ms=None, cpu_s=None))
    assert idle.typical("late_p99_ms", None) is None
    assert idle.cpu_ms_per_session_s(100) is None
    assert idle.kb_per_session() is None
    assert idle.closest() is None
    idle.measure(100)
    assert idle.cpu_ms_per_session_s(100) is None


def test_a_failure_while_the_machine_paused_is_measured_again() -> None:
    late_ms = [40.0, 1.0]
    client = trials("it", 10, lambda n, _: sample(n, late_p999_ms=late_ms.pop(0)), Pauses(25, 0))
    assert client.measure(10) is TrialOutcome.HELD
    assert client.repeated == 1
    assert len(client.samples[10]) == 1
    assert client.told == [
        "it, 10 sessions for 2 s: P99.9 40.0 ms; the machine paused for 25 ms",
        "it, 10 sessions for 2 s: held",
    ]


def test_a_failure_of_its_own_is_not() -> None:
    client = trials("it", 10, lambda n, _: sample(n, late_p999_ms=40.0), Pauses(19))
    assert client.measure(10) is TrialOutcome.FAILED
    assert client.repeated == 0


def test_what_held_in_spite_of_a_pause_has_held() -> None:
    client = trials("it", 10, lambda n, _: sample(n), Pauses(25, 25))
    assert client.measure(10) is TrialOutcome.HELD
    assert client.repeated == 0


def test_a_machine_that_always_pauses_does_not_make_it_endless() -> None:
    asked: list[int] = []

    def ask(number: int, _: float) -> Sample:
        asked.append(number)
        return sample(number, late_p999_ms=40.0)

    client = trials("it", 10, ask, Pauses(*[25.0] * 10))
    assert client.measure(10) is TrialOutcome.FAILED
    assert len(asked) == 1 + MOST_REPEATS
    assert client.repeated == MOST_REPEATS
