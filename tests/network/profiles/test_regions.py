import pytest

from harness.errors import BadInput
from harness.model import Direction, NetworkProfile, Stage
from harness.network.profiles.regions import add_region, regions

NEAR = NetworkProfile(
    name="near",
    up=Direction(delay_ms=5),
    down=Direction(delay_ms=6),
    source="made",
    stages=(Stage(from_s=3, up=Direction(delay_ms=50), down=Direction(delay_ms=60)),),
)


@pytest.mark.parametrize("region", regions())
def test_a_region_adds_the_same_round_trip_to_every_stage(region: str) -> None:
    far = add_region(NEAR, region)
    added_ms = far.rtt_ms - NEAR.rtt_ms
    assert added_ms >= 0
    (later,) = far.stages
    assert later.up.delay_ms + later.down.delay_ms == pytest.approx(110 + added_ms)
    assert far.name == f"near+{region}"
    assert far.source.startswith("made; ")


def test_a_pair_of_regions_is_the_same_in_both_orders_and_home_is_the_default() -> None:
    assert add_region(NEAR, "tokyo").rtt_ms == add_region(NEAR, "eu-west:tokyo").rtt_ms
    assert add_region(NEAR, "tokyo:eu-west").rtt_ms == add_region(NEAR, "tokyo").rtt_ms
    assert add_region(NEAR, "tokyo:tokyo").rtt_ms == NEAR.rtt_ms


def test_a_region_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(BadInput, match="tokyo"):
        add_region(NEAR, "tokio")
