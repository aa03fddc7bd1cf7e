import json

import pytest

from harness.bench.findings import DetectorFinding, Findings
from harness.bench.last_check import as_bytes
from tests.bench.trials import capacity_finding, no_accuracy

FINDINGS = Findings(
    made_at="2026-01-02T03:04:05+00:00",
    capacity=(capacity_finding(),),
    accuracy=(no_accuracy(1),),
    detector=(DetectorFinding(condition="quiet", bias_ms=0.1, p95_abs_ms=0.4),),
)


def test_the_file_has_the_promised_skeleton() -> None:
    found = json.loads(as_bytes(FINDINGS))
    assert found["schema"] == "harness.bench/2"
    assert {
        "frame_ms",
        "sessions",
        "late_p99_ms",
        "late_p999_ms",
        "plain_client_sessions",
        "ratio",
        "cpu_ms_per_session_s",
        "plain_cpu_ms_per_session_s",
        "kb_per_session",
    } <= found["capacity"][0].keys()
    assert found["accuracy"] == [
        {
            "sessions": 1,
            "busy": False,
            "turns": 0,
            "void": 0,
            "unsure": 0,
            "off": 0,
            "beyond_bound": 0,
            "bound_p50_ms": None,
            "bound_p99_ms": None,
            "error_p50_ms": None,
            "error_p95_ms": None,
            "error_p99_ms": None,
            "worst_ms": None,
        }
    ]
    assert {"condition", "bias_ms", "p95_abs_ms"} <= found["detector"][0].keys()


@pytest.mark.parametrize("missing", ["late_p999_ms", "engine_late_p999_ms"])
def test_what_locust_adds_is_not_known_where_one_side_is_not(missing: str) -> None:
    assert capacity_finding().locust_ratio == 1.25
    assert capacity_finding(**{missing: None}).locust_ratio is None
