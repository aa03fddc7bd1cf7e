"""`harness selfcheck dialects`: what it prints and writes of what was found."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.bench.dialect_accuracy import DialectError, DialectErrors
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


GOOD = DialectError(
    dialect="vapi",
    planned=150,
    turns=149,
    p50_ms=0.2,
    p95_ms=0.4,
    worst_ms=-1.0,
    validity="VALID",
)


@pytest.mark.parametrize(
    ("row", "code", "words"),
    [
        (GOOD, ExitCode.PASS, "149/150 0.20 0.40 -1.00 holds, VALID"),
        (replace(GOOD, p95_ms=5.1), ExitCode.FAIL, "149/150 0.20 5.10 -1.00 does not hold, VALID"),
        (
            DialectError(dialect="vapi", planned=150, why="not served"),
            ExitCode.INCONCLUSIVE,
            "0/150 - - - not measured: not served",
        ),
    ],
)
def test_what_is_measured_against_true_has_a_row_and_a_verdict(
    row: DialectError,
    code: ExitCode,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = DialectErrors(made_at="now", callers=50, dialects=(GOOD, row))
    monkeypatch.setattr("harness.cli.selfcheck_dialects.measure_dialects", lambda *_: found)
    assert run(["selfcheck", "dialects", "--accuracy"]) == code
    assert f"vapi {words}" in " ".join(capsys.readouterr().out.split())


def test_options_of_one_measurement_are_refused_by_the_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["selfcheck", "dialects", "--dialect", "vapi"]) == ExitCode.BAD_INPUT
    assert run(["selfcheck", "dialects", "--accuracy", "--long"]) == ExitCode.BAD_INPUT
    assert "Traceback" not in capsys.readouterr().err
