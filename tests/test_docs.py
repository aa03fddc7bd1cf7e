"""The documentation names what there is: links lead somewhere, nothing is left out."""

import re
from pathlib import Path

import click
import pytest

from harness.analysis.metrics import METRICS
from harness.cli.app import _app as cli
from harness.environment import shipped_files
from harness.model import TurnStatus
from harness.recording import files

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "corpora" / "README.md"]
PAGES += sorted((ROOT / "docs").glob("*.md"))
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
COMMAND = re.compile(r"^ {4}harness ([a-z]+)(?: ([a-z]+))?", re.MULTILINE)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    context = click.Context(cli)
    for name, word in COMMAND.findall(page.read_text(encoding="utf-8")):
        command = cli.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group) and word:
            assert command.get_command(context, word) is not None, f"{name} {word}"


def test_the_readme_is_one_page() -> None:
    assert text_of("README.md").count("\n") <= 90


def test_every_option_of_a_run_is_described() -> None:
    command = cli.get_command(click.Context(cli), "run")
    assert command is not None
    described = text_of("docs/scenarios.md")
    for parameter in command.params:
        for option in parameter.opts:
            if option.startswith("--"):
                assert f"`{option}" in described or f" {option}" in described, option


def test_every_metric_and_status_is_described() -> None:
    described = text_of("docs/numbers.md")
    for name in (*(metric.name for metric in METRICS), *TurnStatus):
        assert f"`{name}`" in described, name


def test_every_file_of_a_run_is_described() -> None:
    described = text_of("docs/run-directory.md")
    for name in vars(files):
        if name.isupper() and not name.startswith("_"):
            assert f"`{getattr(files, name)}`" in described, name


def test_every_shipped_scenario_and_dialogue_is_described() -> None:
    described = text_of("docs/scenarios.md")
    for path in (*shipped_files("scenarios"), *shipped_files("dialogues")):
        assert f"`{path.stem}`" in described, path.stem
