import pytest

from harness.analysis.sizing.erlang import blocking
from harness.analysis.sizing.fleet import fleet_for, workers_for


def test_a_fleet_keeps_its_promise_without_its_spare_instance() -> None:
    fleet = fleet_for(200, 50, 0.01)
    assert fleet.calls == 221
    assert (fleet.instances, fleet.spare) == (6, 1)
    assert fleet.blocked_after_loss == pytest.approx(blocking(250, 200))
    assert fleet.blocked < fleet.blocked_after_loss <= 0.01
    assert fleet.used == pytest.approx(200 / 300)


def test_no_spare_is_no_instance_more() -> None:
    fleet = fleet_for(200, 50, 0.01, spare=0)
    assert fleet.instances == 5
    assert fleet.blocked == fleet.blocked_after_loss


def test_calls_that_are_lost_use_no_place() -> None:
    fleet = fleet_for(100_000, 50, 0.05, spare=0)
    assert fleet.erlangs > 50 * fleet.instances
    assert 0.99 < fleet.used < 1


def test_no_load_needs_nothing() -> None:
    fleet = fleet_for(0, 50, 0.01)
    assert (fleet.instances, fleet.spare, fleet.used) == (0, 0, 0)


def test_workers_use_a_safe_share_of_what_one_holds() -> None:
    assert workers_for(420, 600, 0.7) == 1
    assert workers_for(421, 600, 0.7) == 2
    assert workers_for(5, 1, 0.7) == 5
