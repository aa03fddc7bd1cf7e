"""Runs whose network goes wrong, with the real Toxiproxy and the real simulator."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness import environment
from harness.load.impaired_routes import ImpairedRoutes, overlap_ns
from harness.load.options import Options
from harness.load.run_setup import resolve_dialect, route_to_target
from harness.model import NoProgress
from harness.network import ToxiproxyServer, find_or_install
from tests.load.conftest import check_held, lines_of, locust_words, only_run, run_locust

LOSSY = "[lossy]\nrtt_ms = 20\nloss_percent = 2\n"
MIXED = """
from harness.load import Dialogue, VoiceUser

class Mixed(VoiceUser):
    dialogue = Dialogue(turns=1)
    network = "lossy=3,none=1"
"""


@pytest.fixture
def lossy(tmp_path: Path) -> tuple[str, ...]:
    file = tmp_path / "profiles.toml"
    file.write_text(LOSSY)
    return ("--network", "lossy", "--profiles", str(file))


@pytest.fixture
def theirs() -> Iterator[ToxiproxyServer]:
    with ToxiproxyServer(find_or_install(environment.cache_dir(), NoProgress())) as server:
        yield server


def wait_for(holds: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    give_up_s = time.monotonic() + 60
    while not holds():
        assert process.poll() is None, "the run ended before it should"
        assert time.monotonic() < give_up_s, "it did not happen"
        time.sleep(0.05)


def listening_ports(process: psutil.Process) -> set[int]:
    return {found.laddr.port for found in process.net_connections() if found.status == "LISTEN"}


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return True
    return False


@pytest.mark.parametrize(
    ("number", "network"),
    [(signal.SIGKILL, "ideal"), (signal.SIGSTOP, "lossy")],
    ids=["dies", "hangs"],
)
def test_a_toxiproxy_that_goes_in_mid_run_ends_it_cleanly(
    number: int, network: str, simulator: str, lossy: tuple[str, ...], tmp_path: Path
) -> None:
    words = ("-u", "3", "-r", "10", "--turns", "9", "--host", simulator, *lossy[2:])
    words = (*words, "--network", network)
    process = subprocess.Popen(
        locust_words(*words, reports=tmp_path / "r"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: any((tmp_path / "r").glob("*/turns.jsonl")), process)
    children = psutil.Process(process.pid).children(recursive=True)
    (server,) = (child for child in children if child.name().startswith("toxiproxy-ser"))
    ports = listening_ports(server)
    assert len(ports) > 3
    os.kill(server.pid, number)
    _, stderr = process.communicate(timeout=100)
    assert process.returncode == 3, stderr
    assert "Traceback" not in stderr
    run = only_run(tmp_path / "r")
    events = lines_of(run / "events.jsonl")
    assert [event["kind"] for event in events].count("toxiproxy_lost") == 1
    assert events[-1]["kind"] == "finished"
    summary = json.loads((run / "summary.json").read_text())
    assert summary["validity"]["state"] == "INVALID"
    assert any("Toxiproxy was lost" in reason for reason in summary["validity"]["reasons"])
    sessions = lines_of(run / "sessions.jsonl")
    assert len(sessions) >= 3
    assert all(session["closed_ns"] is not None for session in sessions)
    assert not any(child.is_running() for child in children)
    assert all(refuses(port) for port in ports)


def test_a_scenarios_own_mix_is_held_in_its_shares_through_a_running_toxiproxy(
    simulator: str, lossy: tuple[str, ...], theirs: ToxiproxyServer, tmp_path: Path
) -> None:
    scenario = tmp_path / "mixed.py"
    scenario.write_text(MIXED)
    done = run_locust(
        *("-u", "4", "-r", "10", "--calls", "4", "--host", simulator),
        *("--toxiproxy", theirs.url, *lossy[2:]),
        reports=tmp_path / "r",
        scenario=scenario,
    )
    run = check_held(done, tmp_path / "r")
    networks = [session["network"] for session in lines_of(run / "sessions.jsonl")]
    assert sorted(networks) == ["lossy", "lossy", "lossy", "none"]
    for turn in lines_of(run / "turns.jsonl"):
        assert (turn["network_late_ns"] is None) == (turn["network"] == "none")
    summary = json.loads((run / "summary.json").read_text())
    assert summary["network_changes"]["done"] > 0
    assert summary["proxy_overhead"]["round_trips"] > 0
    settings = json.loads((run / "manifest.json").read_text())["settings"]
    assert settings["network_mix"] == "lossy=3, none=1"
    assert settings["toxiproxy"] == theirs.url
    assert theirs.alive()
    # What is left is the proxy that the server is known by, and nothing of ours.
    assert len(listening_ports(_server_of(theirs))) == 1


def _server_of(theirs: ToxiproxyServer) -> psutil.Process:
    (found,) = (
        child
        for child in psutil.Process().children(recursive=True)
        if child.name().startswith("toxiproxy-ser") and theirs.port in listening_ports(child)
    )
    return found


def test_a_toxiproxy_that_is_not_there_is_one_line_before_anything_starts(
    simulator: str, lossy: tuple[str, ...], tmp_path: Path
) -> None:
    options = ("--toxiproxy", "http://127.0.0.1:1")
    done = run_locust("--host", simulator, *lossy, *options, reports=tmp_path / "r")
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("harness: ")]
    assert "no Toxiproxy answers" in line
    assert not (tmp_path / "r").exists()


def test_only_the_overlap_with_marks_counts() -> None:
    marks = [(0, 90), (95, 110), (120, 130), (195, 300), (400, 500)]
    assert overlap_ns(marks, 100, 200) == 10 + 10 + 5
    assert overlap_ns([], 100, 200) == 0


class Layer:
    """Stands for networks whose proxies lead where they are told to."""

    def __init__(self) -> None:
        self.led: list[tuple[str, str, int]] = []

    def route(self, session_id: str, network: str, host: str, port: int) -> tuple[str, int]:
        self.led.append((session_id, host, port))
        return "127.0.0.1", 9_000 + len(self.led)

    def release(self, session_id: str) -> None:
        pass

    def impairment(self, session_id: str) -> None:
        return None


class Engine:
    """Stands for an engine whose targets open every session."""

    def run(self, errand: Any) -> None:
        errand.close()


def test_each_session_has_a_proxy_to_the_target_of_its_own_class() -> None:
    near = Options(host="ws://127.0.0.1:1")
    phone = replace(near, host="ws://127.0.0.1:2/twilio", dialect="twilio")
    direct = {
        name: route_to_target(one, resolve_dialect(one))
        for name, one in (("Browser", near), ("App", near), ("Phone", phone))
    }
    layer, engine = Layer(), Engine()
    routes = ImpairedRoutes(near, direct, engine, layer, {"lossy": None})  # type: ignore[arg-type,dict-item]
    browser = routes.route("s0", "lossy", "Browser")
    phoned = routes.route("s1", "lossy", "Phone")
    assert layer.led == [("s0", "127.0.0.1", 1), ("s1", "127.0.0.1", 2)]
    assert (browser.target, browser.via) == (direct["Browser"].target, ("127.0.0.1", 9_001))
    assert (phoned.target, phoned.via) == (direct["Phone"].target, ("127.0.0.1", 9_002))
    assert phoned.dialect.name == "twilio"
    assert routes.route("s2", "none", "Phone") is direct["Phone"]
    # A Toxiproxy of somebody else's has to reach every server, each of which is tried once.
    layer.led.clear()
    routes._check_reachable()
    assert [port for _, _, port in layer.led] == [1, 2]
