"""What a command loads before it has anything to do: only what every one of its users needs."""

import json
import subprocess
import sys

import pytest

from harness.cli.app import COMMANDS

# Each takes 0.1 to 1 s of the processor to load.
HEAVY = {"gevent", "locust", "matplotlib", "openai", "pandas", "requests", "ruptures", "scipy"}
# One process explains many commands; each notes what was loaded by then.
EXPLAIN = """
import io, json, sys
from contextlib import redirect_stdout
from harness.cli.app import run
for name in sys.argv[1:]:
    with redirect_stdout(io.StringIO()):
        run([name, "--help"] if name != "--help" else [name])
    print(json.dumps([name, sorted(m for m in sys.modules if "." not in m)]))
"""


def _loaded(*names: str) -> dict[str, set[str]]:
    command = [sys.executable, "-c", EXPLAIN, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    return {name: set(modules) for name, modules in map(json.loads, done.stdout.splitlines())}


@pytest.fixture(scope="module")
def loaded() -> dict[str, set[str]]:
    """What was loaded when each command had explained itself, the lightest first."""
    return _loaded("--help", "init", "selfcheck", *sorted(set(COMMANDS) - {"init", "selfcheck"}))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_loads_nothing_heavy_until_it_needs_it(
    name: str, loaded: dict[str, set[str]]
) -> None:
    assert loaded[name] & HEAVY == set()


@pytest.mark.parametrize("name", ["--help", "init", "selfcheck"])
def test_the_lightest_do_not_even_load_numpy(name: str, loaded: dict[str, set[str]]) -> None:
    assert loaded[name] & {"numpy", "msgspec", "rich"} == set()


def test_a_report_loads_nothing_of_the_measurements_whose_findings_it_reads() -> None:
    checks = "import sys, harness.cli.report; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", checks], capture_output=True, text=True, check=True, timeout=100
    )
    modules = done.stdout.split()
    assert "harness.bench.last_check" in modules
    assert not {"harness.corpus", "harness.session", "harness.bench.selfcheck"} & set(modules)
