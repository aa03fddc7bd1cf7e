import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from harness.cli.app import run
from harness.errors import ExitCode


@pytest.fixture
def words(record: Callable[..., Path], tmp_path: Path) -> list[str]:
    files = ("json", "junit", "markdown")
    options = [word for name in files for word in (f"--{name}", str(tmp_path / name))]
    return ["gate", str(record(slower=1.5, seed=1)), "--baseline", str(record()), *options]


def test_the_same_verdict_goes_everywhere(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    summary = tmp_path / "step.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert run([*words, "--run-sd", "0.01", "--github"]) == ExitCode.FAIL
    told = json.loads((tmp_path / "json").read_text())
    assert (told["verdict"], told["exit_code"]) == ("fail", 1)
    assert ET.parse(tmp_path / "junit").getroot().get("failures") == "1"
    markdown = (tmp_path / "markdown").read_text()
    assert markdown.startswith("## ❌ FAIL")
    assert summary.read_text() == "before\n" + markdown
    out = capsys.readouterr().out
    assert "::error title=FAIL" in out


def test_without_the_flag_the_jobs_summary_is_left_alone(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "step.md"))
    assert run(words) == ExitCode.INCONCLUSIVE
    assert not (tmp_path / "step.md").exists()
    assert "::" not in capsys.readouterr().out


def test_a_refusal_goes_everywhere_too(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--allow-different", "hosst", "--github"]) == ExitCode.BAD_INPUT
    assert json.loads((tmp_path / "json").read_text())["verdict"] == "bad_input"
    assert ET.parse(tmp_path / "junit").getroot().get("errors") == "1"
    assert "BAD_INPUT" in (tmp_path / "markdown").read_text()
    shown = capsys.readouterr()
    assert shown.out.startswith("::error title=BAD_INPUT")
    assert "hosst" in shown.err


def test_a_file_that_cannot_be_written_is_bad_input(words: list[str]) -> None:
    assert run([*words, "--junit", "/nowhere/at/all.xml"]) == ExitCode.BAD_INPUT
