"""What the files of `deploy/` say to harness and Locust is what these understand.

The linters of Compose and Kubernetes see the form; they cannot see options or paths.
"""

import json
import re
from pathlib import Path

import click
import pytest

from harness.cli.app import _app as cli
from harness.network.toxiproxy.install import VERSION

DEPLOY = Path(__file__).parents[1] / "deploy"
FILES = sorted([DEPLOY / "compose.yaml", *(DEPLOY / "kubernetes").glob("*.yaml")])
# Locust's own, which its parser cannot be asked for without patching this process.
LOCUSTS = {"--headless", "--master", "--expect-workers", "--host", "--users", "--spawn-rate"} | {
    "--worker",
    "--master-host",
}


def words_of(path: Path) -> list[str]:
    """Return everything that stands in quotes, or in an item of a list of options."""
    text = path.read_text(encoding="utf-8")
    return [json.loads(word) for word in re.findall(r'"[^"\n]*"', text)]


def ours() -> set[str]:
    command = cli.get_command(click.Context(cli), "run")
    assert command is not None
    return {flag for parameter in command.params for flag in parameter.opts}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_options_are_known(path: Path) -> None:
    given = {word for word in words_of(path) if word.startswith("--")}
    assert given <= ours() | LOCUSTS | {"--port"}


def test_files_that_are_named_come_with_the_image() -> None:
    named = [word for path in FILES for word in words_of(path) if word.startswith("/src/")]
    assert len(named) == 4, "the scenario, of masters and workers"
    for word in named:
        assert (DEPLOY.parent / word.removeprefix("/src/")).exists(), word


def test_the_proxy_is_the_version_that_harness_brings() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    versions = re.findall(r"/toxiproxy:(\S+)", text)
    assert versions == [VERSION, VERSION], "one of Compose, one of Kubernetes"


def test_there_are_as_many_workers_as_the_master_expects() -> None:
    compose = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert re.findall(r'"--expect-workers"\s+- "(\d+)"', compose) == ["2"]
    assert len(re.findall(r"^  worker-\d+:", compose, re.MULTILINE)) == 2
    master = (DEPLOY / "kubernetes" / "master.yaml").read_text(encoding="utf-8")
    workers = (DEPLOY / "kubernetes" / "workers.yaml").read_text(encoding="utf-8")
    (expected,) = re.findall(r'"--expect-workers"\s+- "(\d+)"', master)
    assert re.findall(r"(?:completions|parallelism): (\d+)", workers) == [expected, expected]
