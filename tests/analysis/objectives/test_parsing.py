from typing import Any

import pytest

from harness.analysis.objectives.objective import Scale, Tolerance
from harness.analysis.objectives.parsing import parse_objectives
from harness.analysis.objectives.quantities import (
    Attainment,
    Continuity,
    CostPerMinute,
    FailureRate,
    Percentile,
)
from harness.errors import BadInput, Party


def percentile(percent: float, limit_ms: float, **more: Any) -> dict[str, Any]:
    return {"metric": "voice_to_voice", "percentile": percent, "limit_ms": limit_ms} | more


def test_every_kind_of_objective_is_read() -> None:
    tables: list[dict[str, Any]] = [
        percentile(99.5, 3_000, network="lte", kind="first"),
        {"metric": "voice_to_voice", "within_ms": 1_200, "share": 0.95},
        {"failure_rate": 0.01, "party": "network"},
        {"continuity": 0.99, "buffer_ms": 200, "dialect": "openai"},
        {"cost_per_minute": 0.3, "tolerance": 0.1},
        {"metric": "voice_to_voice", "percentile": 95, "tolerance": 0.05, "primary": True},
        {"metric": "voice_to_voice", "percentile": 50, "tolerance_ms": 20},
    ]
    asked = parse_objectives({"objective": tables, "confidence": 0.9}, "slo.toml")
    assert asked.confidence == 0.9
    found = asked.objectives
    assert [objective.quantity for objective in found] == [
        Percentile("voice_to_voice", 99.5),
        Attainment("voice_to_voice", 1_200),
        FailureRate(Party.NETWORK),
        Continuity(200),
        CostPerMinute(),
        Percentile("voice_to_voice", 95),
        Percentile("voice_to_voice", 50),
    ]
    assert [objective.limit for objective in found] == [3_000, 0.95, 0.01, 0.99, 0.3, None, None]
    assert found[0].where == (("network", "lte"), ("kind", "first"))
    assert found[3].where == (("dialect", "openai"),)
    assert found[4].tolerance == Tolerance(0.1, Scale.RATIO)
    assert found[5].primary
    assert found[6].tolerance == Tolerance(20, Scale.DIFFERENCE)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "has no objective"),
        ({"objective": []}, "has no objective"),
        ({"objective": [{"failure_rate": 0.1}], "slo": 1}, "unknown key `slo`"),
        ({"objective": [{"failure_rate": 0.1}], "confidence": 95}, "`confidence` is 95"),
        ({"objective": [1]}, "objective 1: is not a table"),
        ({"objective": [{"failure_rate": 0.1}, {"metric": "x"}]}, "objective 2: has no `percent"),
        ({"objective": [{}]}, "has no `percentile`"),
        ({"objective": [{"percentile": 95, "limit_ms": 1}]}, "has no `metric`"),
        ({"objective": [percentile(95, 1, netwrok="x")]}, "Did you mean network?"),
        ({"objective": [percentile(95, 1, metric="voice_to_voise")]}, "mean voice_to_voice?"),
        ({"objective": [percentile(95, 1, metric=3)]}, "does not know the metric 3"),
        ({"objective": [percentile(100, 1)]}, "`percentile` is 100"),
        ({"objective": [percentile(0, 1)]}, "`percentile` is 0"),
        ({"objective": [percentile(95, -1)]}, "`limit_ms` is -1"),
        ({"objective": [percentile(95, float("nan"))]}, "`limit_ms` is nan"),
        ({"objective": [{"metric": "greeting", "percentile": 95}]}, "has no `limit_ms`"),
        ({"objective": [percentile(95, 1, network=3)]}, "`network` is not text"),
        ({"objective": [percentile(95, 1, kind="frist")]}, "Did you mean first?"),
        ({"objective": [percentile(95, 1, primary=True)]}, "`primary` is True"),
        ({"objective": [percentile(95, 1, primary="yes", tolerance=0.1)]}, "`primary` is 'yes'"),
        ({"objective": [percentile(95, 1, primary=True, tolerance=0.1)] * 2}, "more than one"),
        ({"objective": [percentile(95, 1, tolerance=0.1, tolerance_ms=5)]}, "two tolerances"),
        ({"objective": [percentile(95, 1, tolerance=5)]}, "`tolerance` is 5"),
        ({"objective": [{"failure_rate": True}]}, "`failure_rate` is True"),
        ({"objective": [{"failure_rate": 5}]}, "`failure_rate` is 5"),
        ({"objective": [{"failure_rate": 0.1, "limit_ms": 3}]}, "unknown key `limit_ms`"),
        ({"objective": [{"failure_rate": 0.1, "party": "ours"}]}, "`party` is 'ours'"),
        ({"objective": [{"failed_checks": 0.1, "check": 3}]}, "`check` is not text"),
        ({"objective": [{"failed_checks": 2}]}, "`failed_checks` is 2"),
        ({"objective": [{"metric": "greeting", "within_ms": 5}]}, "has no `share`"),
        ({"objective": [{"continuity": 0.9, "buffer_ms": 50}]}, "`buffer_ms` is 50"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_by_name(data: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_objectives(data, "slo.toml")
    assert "slo.toml" in str(refused.value)
    assert words in str(refused.value)
