"""`harness selfcheck simulator`: what it prints and writes of what was found."""

import json
from pathlib import Path

import pytest

from harness.bench.simulator_capacity import ServerFinding, ServerFindings, ServerRow
from harness.cli.app import run
from harness.errors import ExitCode


def test_findings_are_a_table_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = ServerRow(
        sessions=500,
        measured=2,
        held=2,
        callers_gave_out=0,
        release_p50_ms=0.1,
        release_p95_ms=0.4,
        release_p99_ms=0.93,
        received_p50_ms=0.1,
        received_p99_ms=1.2,
        turns_expected=700,
        turns_intact=700,
        cpu_percent=41.5,
        cpu_ms_per_session_s=0.83,
        kb_per_session=None,
    )
    mode = ServerFinding(mode="hearing", bar=500, sessions=500, confirmed=True, rows=(row,))
    found = ServerFindings(made_at="now", modes=(mode,))
    monkeypatch.setattr("harness.cli.selfcheck_simulator.check_server", lambda *_, **__: found)
    path = tmp_path / "found.json"
    assert run(["selfcheck", "simulator", "--json", str(path)]) == ExitCode.PASS
    out = capsys.readouterr().out
    assert "with hearing: 500 sessions; made for 500" in out
    assert "0.93" in out
    assert "700/700" in out
    assert json.loads(path.read_bytes())["modes"][0]["rows"][0]["kb_per_session"] is None
