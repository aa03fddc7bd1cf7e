"""`harness selfcheck dialects`: what it prints and writes of what was found."""

import json
from pathlib import Path

import pytest

from harness.bench.dialect_capacity import DialectFinding, DialectFindings
from harness.cli.app import run
from harness.errors import ExitCode


def test_both_dialects_stand_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        DialectFinding(
            dialect=name,
            sessions=sessions,
            confirmed=sessions is not None,
            late_p99_ms=1.5,
            late_p999_ms=None,
            compared_sessions=600,
            cpu_ms_per_session_s=1.25,
            kb_per_session=25.0,
            trials=(),
        )
        for name, sessions in (("openai", 700), ("twilio", None))
    ]
    found = DialectFindings(made_at="now", dialects=tuple(rows))
    monkeypatch.setattr("harness.cli.selfcheck_dialects.compare_dialects", lambda *_, **__: found)
    path = tmp_path / "found.json"
    assert run(["selfcheck", "dialects", "--json", str(path)]) == ExitCode.PASS
    openai, twilio = (line.split() for line in capsys.readouterr().out.splitlines()[3:5])
    assert openai[:3] == ["openai", "700", "1.50"]
    assert (twilio[0], twilio[-5:]) == ("twilio", ["not", "confirmed:", "time", "ran", "out"])
    assert json.loads(path.read_text())["dialects"][1]["sessions"] is None
