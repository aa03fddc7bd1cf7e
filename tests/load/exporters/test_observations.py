import pytest

from harness.load.exporters.observations import (
    BUCKETS_S,
    Strata,
    outcome,
    session_seconds,
    turn_seconds,
)
from harness.model import Check, TurnStatus
from tests.analysis.conftest import build_session, build_turn


def test_buckets_reach_from_50_ms_to_15_s() -> None:
    assert (BUCKETS_S[0], BUCKETS_S[-1]) == (0.05, 15.0)
    assert list(BUCKETS_S) == sorted(set(BUCKETS_S))


def test_latencies_are_seconds_and_of_turns_and_sessions_apart() -> None:
    assert dict(turn_seconds(build_turn(640.0))) == {
        "voice_to_voice": pytest.approx(0.64),
        "time_to_first_audio": pytest.approx(0.59),
    }
    assert dict(session_seconds(build_session())) == {"session_setup": pytest.approx(0.1)}


def test_nothing_that_was_not_measured_is_counted() -> None:
    assert list(turn_seconds(build_turn(None, status=TurnStatus.FAILED))) == []
    assert list(session_seconds(build_session(ready_ns=None))) == []


def test_a_turn_waited_for_in_vain_is_beyond_every_bucket_and_an_early_one_counts_as_0() -> None:
    late = dict(turn_seconds(build_turn(None, status=TurnStatus.TIMEOUT, limit_ms=3_000.0)))
    assert late["voice_to_voice"] > BUCKETS_S[-1]
    early = build_turn(-40.0, status=TurnStatus.PREMATURE)
    assert dict(turn_seconds(early))["voice_to_voice"] == 0.0


def test_beyond_so_many_pairs_the_rest_are_one() -> None:
    strata = Strata()
    found = [strata.of(build_turn(network=f"n{number}")) for number in range(100)]
    assert found[0] == ("n0", "")
    assert set(found[64:]) == {("other", "other")}
    assert strata.of(build_turn(network="n3")) == ("n3", "")


def test_a_check_is_told_by_its_outcome_alone() -> None:
    assert [outcome(Check(what="x", passed=passed)) for passed in (True, False)] == [
        "passed",
        "failed",
    ]
