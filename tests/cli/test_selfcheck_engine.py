"""`harness selfcheck engine`: what it prints, writes and keeps of what was found."""

import json
from pathlib import Path

import pytest

from harness.bench import AccuracyFinding, DetectorFinding, Findings, recall
from harness.cli.app import run
from harness.errors import ExitCode

FOUND = Findings(
    made_at="now",
    capacity=(),
    accuracy=(
        AccuracyFinding(
            sessions=50, turns=0, error_p50_ms=None, error_p95_ms=None, error_p99_ms=None
        ),
    ),
    detector=(DetectorFinding(condition="noise -35 dBFS", bias_ms=None, p95_abs_ms=None),),
)


def test_findings_are_printed_written_and_kept_and_missing_is_no_zero(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("harness.cli.selfcheck_engine.check", lambda *_, **__: FOUND)
    monkeypatch.setattr("harness.environment.cache_dir", lambda: tmp_path / "cache")
    target = tmp_path / "found.json"
    assert run(["selfcheck", "--json", str(target)]) == ExitCode.PASS
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["50", "0", "-", "-", "-"] in shown
    assert json.loads(target.read_bytes())["accuracy"][0]["error_p99_ms"] is None
    assert recall(tmp_path / "cache") == json.loads(target.read_bytes())
