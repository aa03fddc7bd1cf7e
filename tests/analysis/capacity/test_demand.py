import numpy as np
import pytest

from harness.analysis import parse_objectives
from harness.analysis.capacity.demand import demands_of, limited_latency
from harness.analysis.objectives.quantities import Attainment, Continuity, FailureRate
from harness.errors import BadInput

LATENCY = {"metric": "time_to_first_audio", "percentile": 95, "limit_ms": 1_500}


def demands(*tables: dict[str, object]) -> tuple[object, ...]:
    return demands_of(parse_objectives({"objective": list(tables)}, "slo.toml"), "slo.toml")


def test_every_objective_becomes_a_share_that_may_miss_it() -> None:
    found, notes = demands_of(
        parse_objectives(
            {
                "objective": [
                    LATENCY,
                    {"metric": "session_setup", "within_ms": 800, "share": 0.9},
                    {"failure_rate": 0.01},
                    {"continuity": 0.98},
                ]
            },
            "slo.toml",
        ),
        "slo.toml",
    )
    assert not notes
    assert [round(demand.allowed, 9) for demand in found] == [0.05, 0.1, 0.01, 0.02]
    assert found[0].quantity == Attainment("time_to_first_audio", 1_500)
    assert isinstance(found[2].quantity, FailureRate)
    assert isinstance(found[3].quantity, Continuity)
    hits = np.array([True, False])
    assert [list(demand.missed(hits)) for demand in found[1:3]] == [[False, True], [True, False]]
    limited = limited_latency(found)
    assert limited is not None
    assert limited.name == "time_to_first_audio"
    assert limited_latency(found[1:]) is None


def test_what_no_load_can_be_held_to_is_left_out_and_named() -> None:
    tolerance = {"metric": "voice_to_voice", "percentile": 95, "tolerance": 0.05}
    found, notes = demands(LATENCY, tolerance, {"cost_per_minute": 0.3})
    assert len(found) == 1  # type: ignore[arg-type]
    assert "tolerance only" in notes[0]  # type: ignore[index]
    assert "cost per minute" in notes[1]  # type: ignore[index]


def test_nothing_left_is_bad_input() -> None:
    with pytest.raises(BadInput, match="no objective that a load can be held to"):
        demands({"cost_per_minute": 0.3})
