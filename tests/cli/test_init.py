import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.analysis.objectives.parsing import parse_objectives
from harness.cli.app import run
from harness.cli.declared_options import DeclaredOptions
from harness.cli.init import command
from harness.load.options import add_arguments
from harness.load.targets import resolve_target

WRITTEN = [".github/workflows/latency.yml", "harness.toml", "scenario.py", "slo.toml"]


def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_project_is_written_and_what_comes_next_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    done = CliRunner().invoke(command, [str(folder)])
    assert files_of(folder) == WRITTEN
    assert f"cd {folder} && harness run scenario.py" in done.output


@pytest.mark.parametrize("there", WRITTEN)
def test_nothing_is_overwritten_and_nothing_half_written(
    tmp_path: Path, there: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).write_text("mine")
    assert run(["init", str(tmp_path)]) == 4
    assert there in capsys.readouterr().err
    assert files_of(tmp_path) == [there]
    assert (tmp_path / there).read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["init", str(tmp_path / "file" / "below")]) == 4
    assert "cannot be written" in capsys.readouterr().err


def test_its_targets_and_objectives_can_be_read(tmp_path: Path) -> None:
    CliRunner().invoke(command, [str(tmp_path)])
    options = DeclaredOptions(add_arguments).read(["--targets", str(tmp_path / "harness.toml")])
    assert resolve_target(options, "openai") == "wss://api.openai.com"
    assert options.key_variable == "OPENAI_API_KEY"
    assert parse_objectives(tomllib.loads((tmp_path / "slo.toml").read_text()), "slo.toml")


def test_its_scenario_runs_against_a_target_by_name(simulator: str, tmp_path: Path) -> None:
    CliRunner().invoke(command, [str(tmp_path)])
    (tmp_path / "harness.toml").write_text(f'[targets.near]\nurl = "{simulator}"\n')
    words = ["run", "scenario.py", "--host", "near", "-u", "1", "--calls", "1", "--turns", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "harness", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    (folder,) = (tmp_path / "reports").iterdir()
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["load"]["turns"] == 1, done.stderr
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["target"].startswith(simulator)
