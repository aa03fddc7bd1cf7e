import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import requests
import toxiproxy.api as toxiproxy_api

from harness.errors import BadInput, RunInvalid
from harness.model import NetworkProfile
from harness.network import NetworkLayer, ToxiproxyServer, parse_api
from harness.network import layer as module
from harness.network.toxiproxy.ports import FIRST_PORT, LAST_PORT, candidate_ports, is_free
from harness.network.toxiproxy.proxies import Proxies
from harness.network.toxiproxy.toxics import Toxic, toxics
from tests.load.conftest import MachineTooBusy

UNDER_GEVENT = """
from gevent import monkey
monkey.patch_all()
import gevent, sys
from pathlib import Path
from harness.model import Direction, NetworkProfile
from harness.network import NetworkLayer
from harness.network.probe import stall_probe

stall_probe.SECONDS = 2.0
far, lossy = Direction(delay_ms=40), Direction(delay_ms=40, loss=0.03)
profiles = {
    "far": NetworkProfile(name="far", up=far, down=far),
    "lossy": NetworkProfile(name="lossy", up=lossy, down=lossy),
}
with NetworkLayer(Path(sys.argv[1]), profiles) as it:
    jobs = [gevent.spawn(it.route, f"s{n}", "far", "127.0.0.1", 9) for n in range(20)]
    gevent.joinall(jobs, timeout=30, raise_error=True)
    assert len({job.value for job in jobs}) == 20
    for n in range(20):
        it.release(f"s{n}")
    found = it.verify("far")
    stalled = it.verify("lossy")
    assert stalled.up_stalls is not None, stalled.why
    assert stalled.up_stalls.late_share > 0.01, stalled.why
    print(found.probes, found.rtt_p50_ms)
    assert it.alive()
    guard = it._server._guard
assert not it.alive()
assert guard.returncode != -9, "it was not ended by its lifeline"
"""


def round_trip_s(address: tuple[str, int]) -> float:
    with socket.create_connection(address, 20) as here:
        began = time.monotonic()
        here.sendall(b"over and back")
        assert here.recv(100) == b"over and back"
        return time.monotonic() - began


def refuses(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, 5).close()
    except OSError:
        return True
    return False


def made(layer: NetworkLayer) -> Proxies:
    assert layer._made is not None
    return layer._made


def proxies(layer: NetworkLayer) -> list[dict[str, object]]:
    """Everything the server has but the disabled proxy it is recognised by."""
    everything = requests.get(f"{layer._server.url}/proxies", timeout=5).json()
    return [proxy for proxy in everything.values() if proxy["enabled"]]


@pytest.fixture
def noted_server(toxiproxy: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A program that notes its process id before it becomes the real server."""
    program, note = tmp_path / "t", tmp_path / "pid"
    program.write_text(f'#!/bin/sh\necho $$ >{note}\nexec {toxiproxy} "$@"\n')
    program.chmod(0o755)
    return program, note


def test_a_message_takes_the_profiles_delay_there_and_back(
    layer: NetworkLayer, echo_port: int
) -> None:
    host, port = layer.route("a", "far", "127.0.0.1", echo_port)
    assert host == "127.0.0.1"
    assert FIRST_PORT <= port <= LAST_PORT
    assert 0.19 < round_trip_s((host, port)) < 2


def test_every_session_has_a_way_of_its_own(layer: NetworkLayer, echo_port: int) -> None:
    routes = {layer.route(f"s{n}", "plain", "127.0.0.1", echo_port) for n in range(5)}
    assert len(routes) == len(proxies(layer)) == 5


def test_latency_stands_before_bandwidth_in_both_directions(layer: NetworkLayer) -> None:
    layer.route("a", "slow", "127.0.0.1", 9)
    (proxy,) = proxies(layer)
    chain = proxy["toxics"]
    assert isinstance(chain, list)
    for stream in ("upstream", "downstream"):
        kinds = [toxic["type"] for toxic in chain if toxic["stream"] == stream]
        assert kinds == ["latency", "bandwidth"]
    assert {toxic["attributes"].get("rate") for toxic in chain} == {None, 500}
    assert {toxic["attributes"].get("jitter") for toxic in chain} == {None, 5}


def test_a_released_way_is_closed_and_its_name_free_again(
    layer: NetworkLayer, echo_port: int
) -> None:
    route = layer.route("a", "plain", "127.0.0.1", echo_port)
    layer.release("a")
    layer.release("a")
    layer.release("never there")
    assert refuses(route)
    assert not proxies(layer)
    layer.route("a", "plain", "127.0.0.1", echo_port)


def test_one_session_has_one_way_at_a_time(layer: NetworkLayer) -> None:
    layer.route("a", "plain", "127.0.0.1", 9)
    with pytest.raises(ValueError, match="already"):
        layer.route("a", "plain", "127.0.0.1", 9)


def test_many_ask_at_once(layer: NetworkLayer) -> None:
    with ThreadPoolExecutor(16) as pool:
        routes = list(pool.map(lambda n: layer.route(f"s{n}", "slow", "127.0.0.1", 9), range(48)))
        assert len(set(routes)) == 48
        list(pool.map(layer.release, [f"s{n}" for n in range(48)]))
    assert not proxies(layer)


def test_a_port_in_use_is_passed_over(layer: NetworkLayer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = next(made(layer)._ports)
        made(layer)._ports = iter([taken.getsockname()[1], free])
        assert layer.route("a", "plain", "127.0.0.1", 9) == ("127.0.0.1", free)


def test_no_free_port_at_all_is_said(layer: NetworkLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        made(layer)._ports = iter([taken.getsockname()[1]] * 200)
        with pytest.raises(BadInput, match="in use"):
            layer.route("a", "plain", "127.0.0.1", 9)


def test_a_range_that_is_used_up_is_said(
    toxiproxy: Path, profiles: dict[str, NetworkProfile]
) -> None:
    bases = (int(base) for base in np.random.default_rng().integers(10_000, 19_000, 100))
    first = next(base for base in bases if all(map(is_free, range(base, base + 4))))
    with NetworkLayer(toxiproxy, profiles, ports=range(first, first + 4)) as layer:
        wanted = (layer.route(f"s{number}", "plain", "127.0.0.1", 9) for number in range(5))
        with pytest.raises(BadInput, match=f"ports {first} to {first + 3} are all in use"):
            list(wanted)
        with pytest.raises(BadInput, match="all in use"):
            layer.stock("127.0.0.1", 9, 5)


def test_an_unknown_profile_is_refused_before_anything_is_made(layer: NetworkLayer) -> None:
    with pytest.raises(BadInput, match="far"):
        layer.route("a", "fra", "127.0.0.1", 9)
    assert not proxies(layer)


def test_a_toxic_the_server_refuses_leaves_no_half_impaired_way(
    layer: NetworkLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Toxic(name="x", kind="packet_loss", stream="upstream", attributes={})
    monkeypatch.setattr(module, "toxics", lambda profile: [*toxics(profile), wrong])
    with pytest.raises(RunInvalid, match="refused"):
        layer.route("a", "far", "127.0.0.1", 9)
    assert not proxies(layer)


def test_a_proxy_of_the_environment_is_not_asked(
    layer: NetworkLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    layer.route("a", "plain", "127.0.0.1", 9)


def test_a_server_that_died_is_noticed_and_named(
    noted_server: tuple[Path, Path], profiles: dict[str, NetworkProfile]
) -> None:
    program, note = noted_server
    with NetworkLayer(program, profiles) as layer:
        layer.route("a", "plain", "127.0.0.1", 9)
        os.kill(int(note.read_text()), signal.SIGKILL)
        deadline = time.monotonic() + 15
        while layer.alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        with pytest.raises(RunInvalid, match="has ended"):
            layer.route("b", "plain", "127.0.0.1", 9)
        layer.release("a")
        with pytest.raises(RunInvalid, match="has ended"):
            layer.verify("plain")


def test_a_server_that_hangs_is_not_waited_for(
    noted_server: tuple[Path, Path],
    profiles: dict[str, NetworkProfile],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program, note = noted_server
    with NetworkLayer(program, profiles) as layer:
        route = layer.route("a", "plain", "127.0.0.1", 9)
        toxiproxy_api.requests._limit_s = 0.2
        os.kill(int(note.read_text()), signal.SIGSTOP)
        # A thousand, since all of its threads stop only some moments after the signal.
        attempts = (layer.route(f"b{n}", "plain", "127.0.0.1", 9) for n in range(1000))
        with pytest.raises(RunInvalid, match="did not answer"):
            list(attempts)
        layer.release("a")
    assert refuses(route)


def test_stopping_closes_every_way(
    either_toxiproxy: Path, profiles: dict[str, NetworkProfile], echo_port: int
) -> None:
    layer = NetworkLayer(either_toxiproxy, profiles)
    layer.start()
    route = layer.route("a", "plain", "127.0.0.1", echo_port)
    layer.stop()
    layer.stop()
    assert not layer.alive()
    assert refuses(route)


def test_a_real_impairment_is_verified_and_its_way_closed(layer: NetworkLayer) -> None:
    found = layer.verify("slow")
    if not found.verified:
        raise MachineTooBusy(found.why)
    assert found.probes >= 40
    assert found.rtt_p50_ms is not None
    assert found.rtt_p50_ms > 90
    assert found.down_kbit_s == pytest.approx(4000, rel=0.15)
    assert not proxies(layer)


def test_an_impairment_that_is_not_there_is_found_out(
    layer: NetworkLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "toxics", lambda profile: toxics(profile)[1:])
    found = layer.verify("slow")
    assert not found.verified
    assert "for 100 ms" in found.why


def test_it_works_under_gevent(toxiproxy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNDER_GEVENT, str(toxiproxy)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    probes, median_ms = done.stdout.split()
    assert int(probes) >= 40
    assert float(median_ms) > 79


def test_stocked_proxies_are_made_at_once_and_used_first(
    layer: NetworkLayer, echo_port: int
) -> None:
    layer.stock("127.0.0.1", echo_port, 30)
    assert len(proxies(layer)) == 30
    routes = {layer.route(f"s{n}", "far", "127.0.0.1", echo_port) for n in range(31)}
    assert len(routes) == len(proxies(layer)) == 31
    assert round_trip_s(routes.pop()) > 0.19


def test_stocking_passes_over_ports_in_use(layer: NetworkLayer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free, busy = made(layer)._ports, taken.getsockname()[1]
        made(layer)._ports = itertools.chain(itertools.islice(free, 3), [busy], free)
        layer.stock("127.0.0.1", 9, 8)
    assert len(proxies(layer)) == 8


def test_a_server_of_somebody_elses_keeps_what_it_had(
    either_toxiproxy: Path, profiles: dict[str, NetworkProfile], echo_port: int
) -> None:
    with ToxiproxyServer(either_toxiproxy) as theirs:
        api = parse_api(theirs.url, None)
        theirs_own = {"name": "theirs", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"}
        requests.post(f"{api.url}/proxies", json=theirs_own, timeout=5).raise_for_status()
        with NetworkLayer(api, profiles) as layer:
            layer.stock("127.0.0.1", echo_port, 2)
            layer.route("a", "far", "127.0.0.1", echo_port)
            route = layer.route("b", "far", "127.0.0.1", echo_port)
            assert round_trip_s(route) > 0.19
        assert theirs.alive()
        assert {"theirs"} == {
            name
            for name, proxy in requests.get(f"{api.url}/proxies", timeout=5).json().items()
            if proxy["enabled"]
        }


def own_address() -> str:
    """Return an address of this machine other than loopback, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_way:
        try:
            any_way.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return ""
        found = str(any_way.getsockname()[0])
    return "" if found.startswith(("127.", "0.")) else found


def test_a_server_elsewhere_reaches_this_machine_by_its_own_address(
    toxiproxy: Path, profiles: dict[str, NetworkProfile]
) -> None:
    address = own_address()
    if not address:
        pytest.skip("this machine has no address but loopback")
    with socket.create_server((address, 0)) as free:
        port = free.getsockname()[1]
    words = [str(toxiproxy), "-host", address, "-port", str(port)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        api = parse_api(f"{address}:{port}", None)
        try:
            deadline = time.monotonic() + 15
            while refuses((address, port)) and time.monotonic() < deadline:
                time.sleep(0.02)
            with NetworkLayer(api, profiles) as layer:
                found = layer.verify("far")
                assert found.probes >= 40, found.why
                assert found.rtt_p50_ms is not None
                assert found.rtt_p50_ms > 190
                assert layer.measure_overhead().proxied_p50_ms > 0
                assert layer.route("a", "far", address, 9)[0] == address
            assert requests.get(f"{api.url}/proxies", timeout=5).json() == {}
        finally:
            server.kill()


def test_a_newer_server_wants_its_token_and_takes_it_in_all_that_is_asked(
    newer_toxiproxy: Path, profiles: dict[str, NetworkProfile], echo_port: int
) -> None:
    port = next(port for port in candidate_ports() if is_free(port))
    words = [str(newer_toxiproxy), "-host", "127.0.0.1", "-port", str(port)]
    with subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"TOXIPROXY_AUTH_TOKEN": "t0ken"},
    ) as server:
        try:
            deadline = time.monotonic() + 15
            while refuses(("127.0.0.1", port)) and time.monotonic() < deadline:
                time.sleep(0.02)
            url = f"http://127.0.0.1:{port}"
            with pytest.raises(BadInput, match="another token"):
                NetworkLayer(parse_api(url, "wr0ng"), profiles).start()
            with NetworkLayer(parse_api(url, "t0ken"), profiles) as layer:
                assert round_trip_s(layer.route("a", "far", "127.0.0.1", echo_port)) > 0.19
                assert layer.verify("slow").probes >= 40
                assert layer.alive()
        finally:
            server.kill()


def test_a_server_that_hangs_is_noticed_without_asking(
    noted_server: tuple[Path, Path],
    profiles: dict[str, NetworkProfile],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program, note = noted_server
    monkeypatch.setattr(module, "_WATCH_S", 0.05)
    monkeypatch.setattr(module, "_WATCH_LIMIT_S", 0.3)
    with NetworkLayer(program, profiles) as layer:
        assert layer.alive()
        os.kill(int(note.read_text()), signal.SIGSTOP)
        deadline = time.monotonic() + 15
        while layer.alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not layer.alive()


def test_the_cost_of_the_proxy_itself_is_measured(layer: NetworkLayer) -> None:
    found = layer.measure_overhead()
    assert 0 < found.direct_p50_ms < found.proxied_p50_ms
    assert "through it" in str(found)


KILLED = """
import sys
from harness.model import NetworkProfile
from harness.network import NetworkLayer, parse_api

layer = NetworkLayer(parse_api(sys.argv[1], None), {"far": NetworkProfile(name="far")})
layer.start()
layer.route("s", "far", "127.0.0.1", 9)
print("open", flush=True)
sys.stdin.read()
"""


def proxies_of(server: ToxiproxyServer) -> set[str]:
    return set(requests.get(f"{server.url}/proxies", timeout=5).json())


def test_what_a_killed_run_left_in_a_shared_toxiproxy_is_removed_and_counted(
    toxiproxy: Path,
) -> None:
    with ToxiproxyServer(toxiproxy) as shared:
        theirs = {"name": "theirs", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1"}
        requests.post(f"{shared.url}/proxies", json=theirs, timeout=5).raise_for_status()
        before = proxies_of(shared)
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, shared.url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as killed:
            assert killed.stdout is not None
            assert killed.stdout.readline() == "open\n"
            held = proxies_of(shared)
            profiles = {"far": NetworkProfile(name="far")}
            with NetworkLayer(parse_api(shared.url, None), profiles) as beside:
                assert beside.leftovers == 0
            assert proxies_of(shared) == held > before
            killed.kill()
        with NetworkLayer(parse_api(shared.url, None), profiles) as after:
            assert after.leftovers == len(held - before) == 1
            assert proxies_of(shared) == before
