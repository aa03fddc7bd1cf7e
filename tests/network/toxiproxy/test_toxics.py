from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import Direction, FaultKind, NetworkFault, NetworkProfile, Stage
from harness.network.toxiproxy.toxics import steady_toxics, toxics

directions = st.builds(
    lambda delay_ms, share, rate, loss: Direction(
        delay_ms=delay_ms, jitter_ms=delay_ms * share, rate_kbit_s=rate, loss=loss
    ),
    st.floats(0, 10_000),
    st.floats(0, 1),
    st.none() | st.floats(0.001, 1e7),
    st.sampled_from([0.0, 0.01, 1.0]),
)


def of(direction: Direction) -> list[tuple[str, dict[str, int]]]:
    profile = NetworkProfile(name="x", up=direction)
    return [
        (toxic.name.partition("-")[0], toxic.attributes)
        for toxic in toxics(profile)
        if toxic.stream == "upstream"
    ]


@given(direction=directions)
def test_what_toxiproxy_is_asked_is_whole_ordered_and_never_a_freeze(direction: Direction) -> None:
    chain = of(direction)
    names = [name for name, _ in chain]
    assert names == [name for name in ("base", "stall", "rate") if name in names]
    for name, attributes in chain:
        assert all(isinstance(value, int) for value in attributes.values())
        if name == "rate":
            assert attributes["rate"] >= 1
        elif name == "base":
            assert abs(attributes["latency"] - direction.delay_ms) <= 0.5
            assert attributes["jitter"] <= attributes["latency"]


@given(up=directions, down=directions)
def test_loss_is_never_a_toxic_that_drops_anything(up: Direction, down: Direction) -> None:
    found = {toxic.kind for toxic in toxics(NetworkProfile(name="x", up=up, down=down))}
    assert found <= {"latency", "bandwidth"}


def test_a_direction_without_impairment_has_no_toxics() -> None:
    assert of(Direction()) == []


def test_bandwidth_is_in_thousands_of_bytes_per_second() -> None:
    assert of(Direction(rate_kbit_s=4000)) == [("rate", {"rate": 500})]


def test_loss_in_one_direction_makes_both_ready_to_stall() -> None:
    """Acknowledgements that are lost one way stall what goes the other way."""
    found = toxics(NetworkProfile(name="x", up=Direction(loss=0.01)))
    assert [toxic.name for toxic in found if toxic.name.startswith("stall")] == [
        "stall-upstream",
        "stall-downstream",
    ]


def test_a_way_begins_as_the_first_stage_with_all_toxics_that_a_later_one_needs() -> None:
    near, far = Direction(delay_ms=10, rate_kbit_s=800), Direction(delay_ms=50, jitter_ms=5)
    profile = NetworkProfile(
        name="x", up=far, down=far, stages=(Stage(from_s=5, up=near, down=near),)
    )
    chain = [toxic for toxic in toxics(profile) if toxic.stream == "upstream"]
    assert [toxic.kind for toxic in chain] == ["latency", "latency", "bandwidth"]
    assert chain[0].attributes == {"latency": 50, "jitter": 5}
    assert chain[2].attributes["rate"] > 1_000_000
    later = steady_toxics(profile, profile.stages[0], upwards=True)
    assert [toxic.attributes for toxic in later] == [{"latency": 10, "jitter": 0}, {"rate": 100}]


@pytest.mark.parametrize("kind", FaultKind)
def test_a_fault_is_there_from_the_beginning_unless_it_has_a_time(kind: FaultKind) -> None:
    at_once = NetworkFault(kind=kind, upwards=False)
    (toxic,) = toxics(NetworkProfile(name="x", faults=(at_once,)))
    assert (toxic.kind, toxic.stream) == (kind.value, "downstream")
    assert toxics(NetworkProfile(name="x", faults=(replace(at_once, at_s=3.0),))) == []
