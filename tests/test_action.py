"""The composite action gives the gate what a workflow asked for, and the workflow its verdict."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from harness.cli.app import _app as cli
from harness.errors import ExitCode

ROOT = Path(__file__).parents[1]
ACTION = (ROOT / "action.yml").read_text(encoding="utf-8")
INPUTS = {"RUNS": "runs/*", "BASELINE": "", "SLO": "", "OPTIONS": ""}
INPUTS |= {"JUNIT": "gate.xml", "JSON": "gate.json", "INCONCLUSIVE": "fail"}


def script() -> str:
    """Return the last script of the action, which judges."""
    _, _, text = ACTION.rpartition("      run: |\n")
    return re.sub(r"^ {8}", "", text, flags=re.MULTILINE)


def judged(folder: Path, code: int, **inputs: str) -> tuple[int, list[str], dict[str, str]]:
    """Run the script with a gate that ends so; return its code, the gate's words, the outputs."""
    gate, outputs = folder / "harness" / "bin" / "harness", folder / "outputs"
    gate.parent.mkdir(parents=True)
    gate.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@"\nexit {code}\n')
    gate.chmod(0o755)
    for name in ("runs/a", "runs/b", "base/c"):
        (folder / name).mkdir(parents=True)
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script()],
        cwd=folder,
        env=os.environ
        | INPUTS
        | inputs
        | {"RUNNER_TEMP": str(folder), "GITHUB_OUTPUT": str(outputs)},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    told = dict(line.split("=") for line in outputs.read_text().splitlines())
    return done.returncode, done.stdout.splitlines(), told


@pytest.mark.parametrize("code", [code for code in ExitCode if code != ExitCode.BUG])
def test_the_verdict_is_an_output_and_the_jobs_end(code: ExitCode, tmp_path: Path) -> None:
    ended, _, told = judged(tmp_path, int(code))
    assert ended == code
    assert told == {"verdict": code.name.lower(), "exit-code": str(int(code))}


def test_an_inconclusive_gate_need_not_fail_the_job(tmp_path: Path) -> None:
    ended, _, told = judged(tmp_path, int(ExitCode.INCONCLUSIVE), INCONCLUSIVE="warn")
    assert (ended, told["verdict"]) == (0, "inconclusive")


def test_the_gate_is_given_all_that_was_asked_for(tmp_path: Path) -> None:
    asked = {"BASELINE": "base/*", "SLO": "my slo.toml", "OPTIONS": "--paired"}
    _, words, _ = judged(tmp_path, 0, **asked)
    assert words == [
        *("gate", "--github", "--junit", "gate.xml", "--json", "gate.json"),
        *("runs/a", "runs/b", "--paired", "--slo", "my slo.toml", "--baseline", "base/c"),
    ]


@pytest.mark.parametrize("file", ["action.yml", "docs/ci/gitlab.yml"])
def test_options_are_the_gates(file: str) -> None:
    command = cli.get_command(click.Context(cli), "gate")
    assert command is not None
    known = {flag for parameter in command.params for flag in parameter.opts}
    text = (ROOT / file).read_text(encoding="utf-8")
    gates = [line for line in text.splitlines() if "gate " in line or "words+=" in line]
    assert gates
    assert {word for line in gates for word in re.findall(r"(?<!\S)\(?(--[a-z]+)", line)} <= known


def test_the_example_gives_the_action_inputs_that_it_has() -> None:
    text = (ROOT / "docs/ci/github.yml").read_text(encoding="utf-8")
    (given,) = re.findall(r"uses: \./harness\n +with:\n((?: {10,}.*\n)+)", text)
    names = set(re.findall(r"^ +([a-z]+):", given, re.MULTILINE))
    inputs, _, _ = ACTION.partition("outputs:")
    assert names
    assert names <= set(re.findall(r"^  ([a-z]+):$", inputs, re.MULTILINE))


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-actions", ["action.yml"]),
        ("github-workflows", ["docs/ci/github.yml", "harness/cli/project/latency.yml"]),
        ("gitlab-ci", ["docs/ci/gitlab.yml"]),
    ],
)
def test_what_ci_systems_are_given_fits_their_schemas(schema: str, files: list[str]) -> None:
    words = ["-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *files]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
