from collections.abc import Callable
from typing import Any

import pytest

from harness.bench.child_process import Child
from harness.bench.search import TrialOutcome
from harness.bench.simulator_capacity import ServerFindings, measure, search, simulator_outcome

Sample = dict[str, Any]


def _sample(sessions: int, **other: Any) -> Sample:
    return {
        "sessions": sessions,
        "sessions_lost": 0,
        "turns_expected": 10,
        "turns_intact": 10,
        "turns_broken": 0,
        "sent_late_p99_ms": 0.1,
        "received_p50_ms": 0.2,
        "received_p99_ms": 1.0,
        "release_late_p50_ms": 0.1,
        "release_late_p95_ms": 0.2,
        "release_late_p99_ms": 0.5,
        "server_cpu_s": 2.0,
        "window_s": 4.0,
        "kb_per_session": 50.0,
        **other,
    }


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        ({}, TrialOutcome.HELD),
        ({"release_late_p99_ms": 2.1}, TrialOutcome.FAILED),
        ({"received_p99_ms": 5.1}, TrialOutcome.FAILED),
        ({"release_late_p99_ms": 11.0}, TrialOutcome.FAILED_BEYOND_DOUBT),
        ({"turns_intact": 9}, TrialOutcome.FAILED),
        ({"turns_broken": 1}, TrialOutcome.FAILED),
        ({"sessions_lost": 1}, TrialOutcome.FAILED_BEYOND_DOUBT),
        ({"release_late_p99_ms": None}, TrialOutcome.FAILED_BEYOND_DOUBT),
        # Callers who were late themselves tell nothing of the server, good or bad.
        ({"sent_late_p99_ms": 9.0}, TrialOutcome.FAILED),
        ({"sent_late_p99_ms": 90.0, "release_late_p99_ms": 90.0}, TrialOutcome.FAILED),
        ({"sent_late_p99_ms": 1e3, "release_late_p99_ms": None}, TrialOutcome.FAILED),
    ],
)
def test_every_frame_turn_and_release_counts(other: Sample, verdict: TrialOutcome) -> None:
    assert simulator_outcome(_sample(500, **other)) is verdict


def _holds_up_to(limit: int) -> Callable[[int], Sample]:
    return lambda sessions: _sample(
        sessions, release_late_p99_ms=0.5 if sessions <= limit else 50.0
    )


@pytest.mark.parametrize("limit", [130, 500, 900, 5_000])
def test_search_finds_the_largest_number_that_holds_and_shows_every_one(limit: int) -> None:
    found = search("hearing", 500, _holds_up_to(limit), out_of_time=lambda: False)
    assert found.sessions is not None
    assert found.confirmed
    assert min(limit, 2_000) / 1.25 <= found.sessions <= limit
    assert [row.sessions for row in found.rows] == sorted(row.sessions for row in found.rows)
    best = next(row for row in found.rows if row.sessions == found.sessions)
    assert (best.measured, best.held, best.cpu_percent) == (2, 2, 50.0)
    assert best.cpu_ms_per_session_s == round(500 / found.sessions, 3)


def test_search_that_runs_out_of_time_has_measured_once_and_says_so() -> None:
    found = search("null", 100, _holds_up_to(10_000), out_of_time=lambda: True)
    assert (found.sessions, found.confirmed, len(found.rows)) == (100, False, 1)
    findings = ServerFindings(made_at="now", modes=(found,))
    assert b"harness.bench.simulator/1" in findings.as_json()


def test_every_turn_is_heard_to_its_last_sample() -> None:
    """A real simulator and real callers, few of them: what is counted, not how fast."""
    with Child("harness.bench.simulator_sender") as sender:
        found = measure(4, (), 0.6, sender)
    assert found["sessions_lost"] == 0
    assert found["turns_intact"] == found["turns_expected"] >= 1
    assert found["turns_broken"] == 0
    assert found["frames_checked"] > 10
    assert 0 <= found["received_p50_ms"] <= found["received_p99_ms"]
    assert 0 <= found["release_late_p50_ms"] <= found["release_late_p99_ms"]
    assert found["window_s"] >= 0.5
