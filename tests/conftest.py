"""What tests of several packages need: a running simulator, and the real Toxiproxy."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from harness import environment
from harness.model import NoProgress
from harness.network import find_or_install

# How long an example takes depends on who else uses the machine.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# The first run on a machine may have to build the server, and every worker waits for it.
_OBTAINING_S = 600


# `make test` measures the coverage of pure packages by the tests of those packages: tracing other
# tests as well would double the time they take, and hide what the own ones of a package leave out.
_TESTS = Path(__file__).parent
_MEASURED = [
    _TESTS / package
    for package in ("model", "plan", "dialects", "session", "analysis", "network/tcp")
]


# Packages whose tests hold whole runs come first: so that at the end, when workers have little left
# to take from each other, nothing long is left.
_LONG = [_TESTS / package for package in ("load", "cli", "cascade", "engine", "simulator", "bench")]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not any(item.path.is_relative_to(folder) for folder in _LONG))
    for item in items:
        if not any(item.path.is_relative_to(folder) for folder in _MEASURED):
            item.add_marker("no_cover")
        if {"toxiproxy", "either_toxiproxy"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.timeout(_OBTAINING_S))


@pytest.fixture(scope="session")
def toxiproxy() -> Path:
    return find_or_install(environment.cache_dir(), NoProgress())


class Served:
    """A simulator on a free port."""

    def __init__(self, *options: str, **environment: str) -> None:
        words = [sys.executable, "-m", "harness", "simulator", "--port", "0", "--exit-with-stdin"]
        self._process = subprocess.Popen(
            [*words, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("listening on ws://127.0.0.1:"), line
        self.host = line.removeprefix("listening on ").split("/v1")[0]

    def close(self) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture(scope="session")
def simulator() -> Iterator[str]:
    served = Served("--seed", "5")
    yield served.host
    served.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    open_ones: list[Served] = []

    def start(*options: str, **environment: str) -> str:
        open_ones.append(Served(*options, **environment))
        return open_ones[-1].host

    yield start
    for served in open_ones:
        served.close()
