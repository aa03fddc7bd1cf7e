import numpy as np
import pytest

from harness.analysis.sizing.erlang import blocking
from harness.analysis.sizing.fleet_model import (
    FleetOutcome,
    Routing,
    missed_in_fleet,
    simulate_fleet,
)


def of(erlangs: float, instances: int, per: int, routing: Routing, seed: int = 1) -> FleetOutcome:
    return simulate_fleet(erlangs, instances, per, routing, np.random.default_rng(seed))


def test_random_routing_is_a_loss_system_each() -> None:
    found = of(2e4, 400, 50, Routing.RANDOM)
    assert found.blocked == pytest.approx(blocking(50, 50), rel=0.1)
    assert found.calls == pytest.approx(2e4 * (1 - found.blocked), rel=0.02)


def test_one_instance_is_erlangs_formula() -> None:
    found = of(5_000, 1, 5_000, Routing.RANDOM)
    assert found.pooled == pytest.approx(blocking(5_000, 5_000))
    assert found.blocked == pytest.approx(found.pooled, abs=0.01)


def test_two_choices_lose_fewer_than_one_and_more_than_a_pool() -> None:
    blind, informed = (of(2e4, 410, 50, routing) for routing in Routing)
    assert informed.pooled <= informed.blocked < 0.7 * blind.blocked


def test_no_instance_holds_more_than_its_limit() -> None:
    found = of(1_000, 10, 50, Routing.TWO_CHOICES)
    assert found.calls <= 500
    assert found.full > 0.8
    assert found.blocked == pytest.approx(0.5, abs=0.03)


def test_turns_of_full_instances_miss_more() -> None:
    curve = ([1, 25, 50], [0.0, 0.0, 0.5])
    blind, informed = (missed_in_fleet(of(2e4, 410, 50, one), *curve) for one in Routing)
    assert 0.3 < informed < 0.5
    assert blind < 0.5
    idle = of(100, 100, 50, Routing.RANDOM)
    assert missed_in_fleet(idle, *curve) == 0
    assert idle.at_load.sum() == pytest.approx(1)


@pytest.mark.parametrize(("erlangs", "instances", "per"), [(0, 1, 1), (2e6, 1, 1), (1, 0, 1)])
def test_nothing_to_simulate(erlangs: float, instances: int, per: int) -> None:
    with pytest.raises(ValueError, match="nothing"):
        of(erlangs, instances, per, Routing.RANDOM)
