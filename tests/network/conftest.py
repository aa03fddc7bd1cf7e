"""The real Toxiproxy: where it cannot be had, these tests fail; they never skip.

Only what concerns version 2.13, which cannot be had everywhere, skips until a server of it is named
by HARNESS_NEWER_TOXIPROXY.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.bench.echo_server import echo_server
from harness.model import Direction, NetworkProfile
from harness.network import NetworkLayer


@pytest.fixture(scope="session")
def newer_toxiproxy() -> Path:
    named = os.environ.get("HARNESS_NEWER_TOXIPROXY")
    if not named:
        pytest.skip("HARNESS_NEWER_TOXIPROXY does not name a toxiproxy-server 2.13")
    return Path(named)


@pytest.fixture(params=["pinned", "newer"])
def either_toxiproxy(request: pytest.FixtureRequest) -> Path:
    wanted = "toxiproxy" if request.param == "pinned" else "newer_toxiproxy"
    found = request.getfixturevalue(wanted)
    assert isinstance(found, Path)
    return found


@pytest.fixture
def profiles() -> dict[str, NetworkProfile]:
    slow = Direction(delay_ms=50, jitter_ms=5, rate_kbit_s=4000)
    far = Direction(delay_ms=100)
    return {
        "plain": NetworkProfile(name="plain"),
        "slow": NetworkProfile(name="slow", up=slow, down=slow),
        "far": NetworkProfile(name="far", up=far, down=far),
    }


@pytest.fixture
def layer(toxiproxy: Path, profiles: dict[str, NetworkProfile]) -> Iterator[NetworkLayer]:
    with NetworkLayer(toxiproxy, profiles) as running:
        yield running


@pytest.fixture
def echo_port() -> Iterator[int]:
    """A server that sends back what it gets."""
    with echo_server() as port:
        yield port
