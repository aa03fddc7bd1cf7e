import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from harness.errors import BadInput
from harness.network.toxiproxy import server as module
from harness.network.toxiproxy.ports import candidate_ports, is_free
from harness.network.toxiproxy.server import ToxiproxyServer

# Starts a server, says where, and does what its second argument says.
OWNER = r"""
import os, signal, sys, time
from pathlib import Path
from harness.network import ToxiproxyServer

server = ToxiproxyServer(Path(sys.argv[1]))
server.start()
if sys.argv[2] == "fork" and os.fork() == 0:
    sys.stdin.read()
    os._exit(0)
signal.signal(signal.SIGINT, lambda *_: os.write(1, b"interrupted\n"))
print(server.port, flush=True)
while True:
    time.sleep(60)
"""


def answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/version", timeout=5).ok
    except requests.RequestException:
        return False


def comes_true(condition: Callable[[], bool], limit_s: float = 15) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def own(toxiproxy: Path) -> Iterator[Callable[[str], tuple[subprocess.Popen[str], int]]]:
    """Start another process that owns a server; returns it and the server's port."""
    started: list[subprocess.Popen[str]] = []

    def start(what: str) -> tuple[subprocess.Popen[str], int]:
        owner = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(toxiproxy), what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(owner)
        assert owner.stdout is not None
        return owner, int(owner.stdout.readline())

    yield start
    for owner in started:
        owner.kill()
        owner.communicate()


def test_it_answers_between_start_and_stop_only(toxiproxy: Path) -> None:
    with ToxiproxyServer(toxiproxy) as server:
        port = server.port
        assert server.alive()
        assert answers(port)
    assert not server.alive()
    assert not answers(port)


def test_it_can_be_stopped_twice_and_started_again(toxiproxy: Path) -> None:
    server = ToxiproxyServer(toxiproxy)
    server.stop()
    for _ in range(2):
        server.start()
        assert answers(server.port)
        server.stop()
        server.stop()


def test_it_is_not_started_twice(toxiproxy: Path) -> None:
    with ToxiproxyServer(toxiproxy) as server, pytest.raises(RuntimeError):
        server.start()


def test_kill_dash_nine_of_the_owner_ends_it(
    own: Callable[[str], tuple[subprocess.Popen[str], int]],
) -> None:
    owner, port = own("wait")
    assert answers(port)
    owner.kill()
    assert comes_true(lambda: not answers(port))


def test_a_forked_child_that_lives_on_does_not_keep_it_alive(
    own: Callable[[str], tuple[subprocess.Popen[str], int]],
) -> None:
    owner, port = own("fork")
    assert answers(port)
    owner.kill()
    assert comes_true(lambda: not answers(port))


def test_ctrl_c_does_not_reach_it(
    own: Callable[[str], tuple[subprocess.Popen[str], int]],
) -> None:
    owner, port = own("wait")
    os.killpg(owner.pid, signal.SIGINT)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "interrupted\n"
    assert answers(port)


def test_its_own_end_is_noticed(toxiproxy: Path, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with ToxiproxyServer(script(tmp_path / "t", f'echo $$ >{note}; exec {toxiproxy} "$@"')) as it:
        assert it.alive()
        os.kill(int(note.read_text()), signal.SIGKILL)
        assert comes_true(lambda: not it.alive())


def test_a_server_that_hangs_is_ended_all_the_same(toxiproxy: Path, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with ToxiproxyServer(script(tmp_path / "t", f'echo $$ >{note}; exec {toxiproxy} "$@"')):
        pid = int(note.read_text())
        os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_stranger_on_the_port_is_not_taken_for_ours(
    toxiproxy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ToxiproxyServer(toxiproxy) as stranger:
        free = next(port for port in candidate_ports() if is_free(port))
        monkeypatch.setattr(module, "candidate_ports", lambda ports: iter([stranger.port, free]))
        monkeypatch.setattr(module, "is_free", lambda port: True)
        with ToxiproxyServer(toxiproxy) as ours:
            assert ours.port == free
        assert stranger.alive()


def test_a_range_of_ports_in_use_is_said(toxiproxy: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = ToxiproxyServer(toxiproxy, range(port, port + 1))
        with pytest.raises(BadInput, match=f"ports {port} to {port} are all in use"):
            server.start()
    assert not server.alive()


def test_a_token_of_the_users_is_not_for_a_server_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOXIPROXY_AUTH_TOKEN", "t0ken")
    server = ToxiproxyServer(script(tmp_path / "x", 'echo "[$TOXIPROXY_AUTH_TOKEN]" >&2; exit 3'))
    with pytest.raises(BadInput, match=r"\[\]"):
        server.start()


def test_a_program_that_fails_is_refused_with_its_last_words(tmp_path: Path) -> None:
    server = ToxiproxyServer(script(tmp_path / "broken", "echo out of luck >&2; exit 3"))
    with pytest.raises(BadInput, match="out of luck"):
        server.start()
    assert not server.alive()


def test_a_program_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="did not start"):
        ToxiproxyServer(tmp_path / "nothing").start()


def test_a_program_that_never_answers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_START_LIMIT_S", 0.3)
    note = tmp_path / "pid"
    server = ToxiproxyServer(script(tmp_path / "mute", f"echo $$ >{note}; exec sleep 60"))
    with pytest.raises(BadInput, match="did not answer"):
        server.start()
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def test_it_is_not_given_the_callers_key(
    toxiproxy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-the-caller")
    seen = tmp_path / "seen"
    with ToxiproxyServer(script(tmp_path / "t", f'env >{seen}; exec {toxiproxy} "$@"')):
        assert "LOG_LEVEL=warn" in seen.read_text()
        assert "secret-of-the-caller" not in seen.read_text()
