"""Proxies in a Toxiproxy that outlives the runs that use it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from harness.network.toxiproxy.ports import PORTS
from harness.network.toxiproxy.proxies import Proxies, is_leftover, prefix_of
from harness.network.toxiproxy.server import ToxiproxyServer
from harness.network.toxiproxy.toxic_client import ApiAddress


@pytest.fixture
def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_proxies_of_killed_runs_are_removed_and_no_others(
    toxiproxy: Path, ended_process: int
) -> None:
    names = {
        "theirs": "somebody-else",
        "running": f"{prefix_of(os.getpid())}-ab-0",
        "left": f"{prefix_of(ended_process)}-ab-0",
    }
    with ToxiproxyServer(toxiproxy) as server:
        for name in names.values():
            proxy = {"name": name, "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1"}
            requests.post(f"{server.url}/proxies", json=proxy, timeout=5).raise_for_status()
        made = Proxies(ApiAddress(host="127.0.0.1", port=server.port), PORTS, server.alive)
        assert made.remove_leftovers() == 1
        there = set(requests.get(f"{server.url}/proxies", timeout=5).json())
    assert {names["theirs"], names["running"]} <= there
    assert names["left"] not in there


@pytest.mark.parametrize("name", ["harness-1234-0", "", "harness-", "x-harness-1-1"])
def test_what_is_not_named_by_this_machine_is_no_leftover(name: str) -> None:
    assert not is_leftover(name)


def test_another_machines_proxies_stay(monkeypatch: pytest.MonkeyPatch, ended_process: int) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "elsewhere")
    name = f"{prefix_of(ended_process)}-ab-0"
    monkeypatch.undo()
    assert not is_leftover(name)
