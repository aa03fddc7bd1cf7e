import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.app import run
from harness.errors import ExitCode


@pytest.fixture
def kept(record: Callable[..., Path], tmp_path: Path) -> tuple[Path, list[str]]:
    """Keep 16 runs, the last half of them a fifth slower."""
    file = tmp_path / "history.jsonl"
    paths = [
        record(slower=(1.0 if n < 8 else 1.2) * (1 + n % 3 / 200), seed=n, second=n)
        for n in range(16)
    ]
    assert run(["history", "add", *map(str, paths), "--file", str(file)]) == ExitCode.PASS
    return file, [path.name for path in paths]


def test_a_change_of_level_is_shown_until_it_is_accepted(
    kept: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    file, names = kept
    capsys.readouterr()
    assert run(["history", "show", "--file", str(file)]) == ExitCode.PASS
    out = capsys.readouterr().out
    assert f"with {names[8]}" in out
    assert "not accepted" in out
    assert "voice_to_voice P99: in no run" in out
    assert run(["history", "show", "--file", str(file), "--gate"]) == ExitCode.FAIL
    words = ["history", "accept", names[8], "--file", str(file), "--note", "a larger model"]
    assert run(words) == ExitCode.PASS
    capsys.readouterr()
    assert run(["history", "show", "--file", str(file), "--gate"]) == ExitCode.PASS
    assert "accepted: a larger model" in capsys.readouterr().out


def test_a_run_is_added_once(
    kept: tuple[Path, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, names = kept
    lines = file.read_text().splitlines()
    assert len(lines) == 16
    assert all(len(line) < 2_000 for line in lines)
    assert json.loads(lines[0])["run"]["run_id"] == names[0]
    assert run(["history", "add", str(tmp_path / names[0]), "--file", str(file)]) == ExitCode.PASS
    assert "is there already" in capsys.readouterr().out
    assert len(file.read_text().splitlines()) == 16


def test_a_gate_takes_the_spread_of_runs_from_a_history(
    kept: tuple[Path, list[str]], record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    file, _ = kept
    words = ["gate", str(record(slower=1.5, seed=90)), "--baseline", str(record(seed=91))]
    assert run([*words, "--history", str(file)]) == ExitCode.FAIL
    assert "from 16 runs of the history" in capsys.readouterr().out
    other = ["gate", str(record(model="x", seed=92)), "--baseline", str(record(model="x"))]
    assert run([*other, "--history", str(file)]) == ExitCode.INCONCLUSIVE


def test_what_is_no_history_is_bad_input(tmp_path: Path, record: Callable[..., Path]) -> None:
    missing = str(tmp_path / "no.jsonl")
    assert run(["history", "show", "--file", missing]) == ExitCode.BAD_INPUT
    (tmp_path / "empty.jsonl").write_text("")
    assert run(["history", "show", "--file", str(tmp_path / "empty.jsonl")]) == ExitCode.BAD_INPUT
    file = tmp_path / "history.jsonl"
    run(["history", "add", str(record()), "--file", str(file)])
    words = ["history", "accept", "nothing", "--file", str(file), "--note", "x"]
    assert run(words) == ExitCode.BAD_INPUT


def test_the_report_shows_the_history_of_runs_like_its_own(
    kept: tuple[Path, list[str]], tmp_path: Path
) -> None:
    file, names = kept
    path = tmp_path / names[-1]
    assert run(["report", str(path), "--history", str(file)]) == ExitCode.PASS
    page = (path / "report.html").read_text()
    assert 'id="history"' in page
    assert names[8] in page
    assert run(["report", str(path)]) == ExitCode.PASS
    assert 'id="history"' not in (path / "report.html").read_text()
    missing = str(tmp_path / "no.jsonl")
    assert run(["report", str(path), "--history", missing]) == ExitCode.BAD_INPUT
