"""The family of measurements: which there are, and which is taken where none is named."""

import pytest

from harness.bench.selfcheck import Extent
from harness.cli import selfcheck
from harness.cli.app import run
from harness.errors import ExitCode

NAMES = (
    "behaviour",
    "capacity",
    "dialects",
    "engine",
    "gate",
    "simulator",
    "speech",
    "stalls",
    "steadiness",
    "tcp",
)


def test_help_lists_every_measurement(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["selfcheck", "--help"]) == ExitCode.PASS
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_measurement_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["selfcheck", name, "--help"]) == ExitCode.PASS
    out = capsys.readouterr().out
    assert f"Usage: harness selfcheck {name}" in out
    assert "--json" in out


@pytest.mark.parametrize(
    "words", [[], ["--long"], ["--json", "found.json"], ["engine", "--long"], ["engine"]]
)
def test_without_a_name_the_engine_is_measured(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def check(progress: object, extent: Extent) -> None:
        del progress
        asked.append(extent.thorough)
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.cli.selfcheck_engine.check", check)
    run(["selfcheck", *words])
    assert asked == ["--long" in words]


def test_a_measurement_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["selfcheck", "bogus"]) == ExitCode.BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 1


def test_the_table_names_what_is_tested_here() -> None:
    assert tuple(selfcheck.command.commands_table) == NAMES
