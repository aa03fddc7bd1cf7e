import json
from pathlib import Path

from harness.bench import (
    AccuracyFinding,
    CapacityFinding,
    DetectorFinding,
    Findings,
    as_bytes,
    recall,
    remember,
)

FINDINGS = Findings(
    made_at="2026-01-02T03:04:05+00:00",
    capacity=(
        CapacityFinding(
            frame_ms=20,
            sessions=1000,
            confirmed=True,
            late_p50_ms=0.1,
            late_p99_ms=1.0,
            late_p999_ms=2.0,
            plain_client_sessions=250,
            plain_confirmed=True,
            ratio=4.0,
            compared_sessions=250,
            cpu_ms_per_session_s=0.5,
            plain_cpu_ms_per_session_s=2.0,
            kb_per_session=40.0,
            open_s=0.5,
            measurements=12,
        ),
    ),
    accuracy=(
        AccuracyFinding(
            sessions=1, turns=0, error_p50_ms=None, error_p95_ms=None, error_p99_ms=None
        ),
    ),
    detector=(DetectorFinding(condition="quiet", bias_ms=0.1, p95_abs_ms=0.4),),
)


def test_the_file_has_the_promised_skeleton() -> None:
    found = json.loads(as_bytes(FINDINGS))
    assert found["schema"] == "harness.bench/1"
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
            "turns": 0,
            "error_p50_ms": None,
            "error_p95_ms": None,
            "error_p99_ms": None,
        }
    ]
    assert {"condition", "bias_ms", "p95_abs_ms"} <= found["detector"][0].keys()


def test_what_was_remembered_is_recalled(tmp_path: Path) -> None:
    assert recall(tmp_path / "cache") is None
    remember(FINDINGS, tmp_path / "cache")
    kept = recall(tmp_path / "cache")
    assert kept is not None
    assert kept["capacity"][0]["sessions"] == 1000


def test_a_file_of_another_kind_is_not_recalled(tmp_path: Path) -> None:
    for text in ('{"schema": "harness.bench/0"}', "[]", "{", "\xff"):
        (tmp_path / "selfcheck.json").write_text(text, encoding="latin-1")
        assert recall(tmp_path) is None
