import click
import pytest

from harness.cli import app
from harness.cli.lazy_group import LazyGroup
from harness.errors import ExitCode


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["--help"]) == ExitCode.PASS
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in app.COMMANDS)


@pytest.mark.parametrize("name", app.COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([name, "--help"]) == ExitCode.PASS
    assert f"Usage: harness {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["bogus"], ["run"], ["gate", "--bogus"], ["simulator", "--port", "x"]]
)
def test_wrong_words_are_one_line_and_bad_input(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(words) == ExitCode.BAD_INPUT
    shown = capsys.readouterr().err
    assert shown.startswith("harness: ")
    assert shown.count("\n") == 1


def test_our_own_bug_shows_its_traceback_and_code_70(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def broken() -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(LazyGroup, "get_command", lambda *_: broken)
    assert app.run(["run"]) == ExitCode.BUG
    shown = capsys.readouterr().err
    assert "RuntimeError: boom" in shown
    assert "our bug" in shown
