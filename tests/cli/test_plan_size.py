import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.app import run
from harness.errors import ExitCode


def test_without_a_pilot_it_plans_from_what_is_assumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = tmp_path / "plan.json"
    assert run(["plan", "--icc", "0", "--turns", "1", "--json", str(found)]) == ExitCode.PASS
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("from            assumed")
    assert "USD" in lines[2]
    assert any(line.startswith("+10%") and "runs a side" in line for line in lines)
    told = json.loads(found.read_text())
    # 841 independent turns by the formula, for a half-width in the logarithm.
    assert told["precision"]["turns"] == pytest.approx(883, abs=3)


def test_a_pilot_tells_its_own_spread_and_price(
    record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["plan", str(record()), "--paired", "--users", "7"]) == ExitCode.BAD_INPUT
    assert "no session that ended" in capsys.readouterr().err


def test_pairs_are_planned_for_ab(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--paired", "--tolerance", "0.01", "--run-sd", "0.01"]) == ExitCode.PASS
    out = capsys.readouterr().out
    assert "pairs of" in out
    assert "harness ab SCENARIO" in out


def test_more_than_a_person_would_run_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--detect", "0.051", "--run-sd", "0.2"]) == ExitCode.PASS
    assert "more runs than are practical" in capsys.readouterr().out


def test_what_cannot_be_planned_is_refused(tmp_path: Path) -> None:
    assert run(["plan", "--detect", "0.05", "--tolerance", "0.05"]) == ExitCode.BAD_INPUT
    assert run(["plan", "--percentile", "100"]) == ExitCode.BAD_INPUT
    assert run(["plan", "--model", "no-such"]) == ExitCode.BAD_INPUT
    assert run(["plan", str(tmp_path / "no")]) == ExitCode.BAD_INPUT
