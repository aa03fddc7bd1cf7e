from collections.abc import Callable

import pytest

from harness.bench.capacity import compare_clients, finding
from harness.bench.client_trials import ClientTrials, Sample
from harness.bench.host_watch import Watched
from harness.bench.sustained import Sustained
from tests.bench.trials import sample, trials

QUIET = Watched(beyond=(3, 1, 0), longest_ms=12.3)


def client(name: str, capacity: int, log: list[str]) -> Callable[[int, float], Sample]:
    """A client that is late beyond its capacity, and takes 2 ms of a session-second."""

    def ask(number: int, _: float) -> Sample:
        log.append(name)
        late_ms = 1.0 if number <= capacity else 50.0
        return sample(number, late_p99_ms=late_ms, cpu_s=2.0 * 0.002 * number)

    return ask


def pair(log: list[str], quick: int = 1200, slow: int = 150) -> tuple[ClientTrials, ClientTrials]:
    return (
        trials("quick", 400, client("quick", quick, log)),
        trials("slow", 100, client("slow", slow, log)),
    )


def test_two_clients_are_searched_in_turns_and_compared_at_one_number() -> None:
    log: list[str] = []
    quick, slow = pair(log)
    compare_clients((quick, slow), out_of_time=lambda: False, report=lambda _: None)
    assert log[:6] == ["quick", "slow"] * 3
    assert (quick.search.best, slow.search.best) == (1200, 150)
    assert quick.search.confirmed
    assert quick.cpu_ms_per_session_s(150) == pytest.approx(2.0)


def test_out_of_time_ends_the_comparison_with_what_is_known() -> None:
    log: list[str] = []
    quick, slow = pair(log)
    compare_clients((quick, slow), out_of_time=lambda: len(log) >= 2, report=lambda _: None)
    assert (quick.search.best, slow.search.best) == (400, 100)
    assert not quick.search.confirmed
    assert len(quick.samples[100]) == 1, "cost is compared all the same"


def test_out_of_time_with_nothing_that_held_it_goes_down_until_something_does() -> None:
    log: list[str] = []
    quick, slow = pair(log, quick=30, slow=100)
    compare_clients((quick, slow), out_of_time=lambda: len(log) >= 2, report=lambda _: None)
    assert (quick.search.best, slow.search.best) == (25, 100)


def test_the_finding_is_of_what_was_held_for_long() -> None:
    quick, slow = pair([])
    compare_clients((quick, slow), out_of_time=lambda: False, report=lambda _: None)
    held = Sustained(
        sessions=960,
        sample=sample(960, late_p999_ms=6.0, server_missing=0),
        alone=sample(960, late_p999_ms=4.0),
        failed=("1200 sessions for 60 s: P99.9 30.0 ms",),
    )
    found = finding(20, (quick, slow), held, 60.0, QUIET, "")
    assert (found.sessions, found.ratio, found.confirmed) == (960, 6.4, False)
    assert found.locust_ratio == pytest.approx(1.5)
    assert (found.missing, found.engine_missing, found.server_missing) == (0, 0, 0)
    assert found.not_held == held.failed
    assert found.trials[0] == "quick, 400 sessions for 2 s: held"
    assert (found.pauses, found.longest_pause_ms) == ((3, 1, 0), 12.3)


def test_where_nothing_held_the_closest_is_told_with_the_reason() -> None:
    quick, slow = pair([], quick=0)
    compare_clients((quick, slow), out_of_time=lambda: False, report=lambda _: None)
    found = finding(20, (quick, slow), None, 60.0, QUIET, "")
    assert found.sessions is None
    assert found.ratio is None
    assert found.locust_ratio is None
    assert found.not_held == ("quick, 1 sessions: P99 50.0 ms",)
