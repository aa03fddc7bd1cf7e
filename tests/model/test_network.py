from typing import Any

import pytest

from harness.model import Direction, NetworkProfile, Stage, UpdateStats
from harness.model.network import FaultKind, NetworkFault, ProxyOverhead


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"delay_ms": -1}, "delay_ms"),
        ({"delay_ms": 10_001}, "delay_ms"),
        ({"delay_ms": float("nan")}, "delay_ms"),
        ({"delay_ms": 10, "jitter_ms": 11}, "jitter_ms"),
        ({"rate_kbit_s": 0}, "rate_kbit_s"),
        ({"loss": 1.1}, "loss"),
        ({"loss": 0.1, "burst_ms": 0}, "burst_ms"),
        ({"stall_every_ms": 100, "stall_ms": (50, 10)}, "stall_ms"),
        ({"stall_ms": (10, 20)}, "stall_every_ms"),
        ({"stall_every_ms": 100, "stall_ms": (10, 100)}, "stalls of up to 100 ms"),
    ],
)
def test_a_direction_that_no_network_has_is_refused_by_name(
    asked: dict[str, Any], word: str
) -> None:
    with pytest.raises(ValueError, match=word):
        Direction(**asked)


def test_only_loss_and_stalls_hold_packets_up() -> None:
    assert not Direction(delay_ms=100, jitter_ms=50, rate_kbit_s=100).stalls
    assert Direction(loss=0.01).stalls
    assert Direction(stall_every_ms=100, stall_ms=(1, 2)).stalls


def test_a_timeline_begins_with_the_profile_itself_and_runs_forwards() -> None:
    up, down = Direction(delay_ms=10), Direction(delay_ms=15)
    later = Stage(from_s=5, up=down, down=up)
    profile = NetworkProfile(name="made", up=up, down=down, stages=(later,))
    assert profile.rtt_ms == 25
    assert profile.timeline == (Stage(from_s=0.0, up=up, down=down), later)
    assert profile.stalls  # a delay that changes moves packets
    with pytest.raises(ValueError, match="forwards"):
        NetworkProfile(name="made", stages=(later, later))


@pytest.mark.parametrize("at_s", [-1.0, float("inf"), float("nan")])
def test_a_fault_strikes_within_a_call(at_s: float) -> None:
    with pytest.raises(ValueError, match="at_s"):
        NetworkFault(kind=next(iter(FaultKind)), at_s=at_s)


def test_updates_that_were_never_made_have_no_lateness() -> None:
    assert str(UpdateStats(planned=3, done=0, failed=3)) == "0 of 3 changes carried out"
    late = str(UpdateStats(planned=3, done=3, failed=0, lag_p99_ms=1.25))
    assert late == "3 of 3 changes carried out, P99 1.2 ms late"


def test_the_proxys_own_delay_is_the_difference_of_medians() -> None:
    overhead = ProxyOverhead(
        round_trips=10,
        direct_p50_ms=0.1,
        direct_p99_ms=0.5,
        proxied_p50_ms=0.3,
        proxied_p99_ms=0.9,
    )
    assert overhead.added_ms == pytest.approx(0.2)
    assert "0.30 ms through it, 0.10 ms without" in str(overhead)
