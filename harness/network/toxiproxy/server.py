"""A Toxiproxy server of our own: started on loopback, and ended with this process in any case.

Two things must hold at once. Ctrl-C, which a terminal sends to its whole foreground group, must
not reach the server, because calls that are still draining go through it. And a `kill -9` of
this process, which cannot be caught, must end the server too. So the server runs
in a session of its own under a small shell guard that reads from a pipe whose other end only we
hold: when we are gone, however that came about, the kernel closes it and the guard acts.
"""

import contextlib
import itertools
import json
import os
import secrets
import signal
import subprocess
import tempfile
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import IO

import requests

from harness import environment
from harness.clock import now_ns
from harness.errors import BadInput, sanitised
from harness.model import NS_PER_S
from harness.network.toxiproxy.ports import PORTS, candidate_ports, is_free

_HOST = "127.0.0.1"
_PORTS_TRIED = 20
_START_LIMIT_S = 10.0
_STOP_LIMIT_S = 3.0
_POLL_S = 0.02
_OURS = 200
# Every piece of data that passes is garbage a moment later, and while Go collects it, changes wait:
# with 500 callers the P99 of their lag went from 10 ms to 1 ms when it was made to collect at five
# times what is in use and not at twice, for 0.9 MB a caller and not 0.4. A token of the user's is
# for somebody else's server; ours listens on loopback.
_VARIABLES = {"LOG_LEVEL": "warn", "GOGC": "400", "TOXIPROXY_AUTH_TOKEN": ""}

# $1 is the server's start configuration, the rest its command line. `read` returns when the last
# writer of the pipe is gone; the server keeps nothing that an orderly end would save. When the
# server ends first, so does the guard, with the same code. Without job control, which a script
# has not, a shell gives background work /dev/null to read, hence the descriptor 3.
_GUARD = """
config=$1; shift
exec 3<&0
"$@" -config /dev/stdin 3<&- <<END &
$config
END
server=$!
(read -r _ <&3; kill -9 "$server") >/dev/null 2>&1 &
watch=$!
exec 3<&-
wait "$server"; code=$?
kill -9 "$watch" 2>/dev/null; wait "$watch" 2>/dev/null
exit "$code"
"""

_held: "weakref.WeakSet[ToxiproxyServer]" = weakref.WeakSet()


class ToxiproxyServer:
    """One running Toxiproxy.

    Use as a context manager, or call `start` and `stop`. A process forked from this one lets go
    of the server: it belongs to the process that started it.

    Args:
        binary: The server's program, as `find_or_install` returns it.
        ports: Where its API may listen.

    Attributes:
        port: Where its API listens on 127.0.0.1; 0 before `start`.
    """

    def __init__(self, binary: Path, ports: range = PORTS) -> None:
        self._binary, self._ports = binary, ports
        self._guard: subprocess.Popen[bytes] | None = None
        self._lifeline: IO[bytes] | None = None
        self._log: IO[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Address of its API."""
        return f"http://{_HOST}:{self.port}"

    def __enter__(self) -> "ToxiproxyServer":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it on a free port and wait until its API answers.

        Raises:
            BadInput: The program cannot be run, or never answers; the message has its last words.
        """
        if self._guard is not None:
            raise RuntimeError("this Toxiproxy server has been started already")
        words: str | None = None
        candidates = itertools.islice(candidate_ports(self._ports), len(self._ports))
        for port in itertools.islice(filter(is_free, candidates), _PORTS_TRIED):
            try:
                status = self._launch(port)
                words = self._last_words()
            except OSError as error:
                status, words = None, str(error)
            finally:
                if self.port == 0:
                    self.stop()
            if status == _OURS:
                return
            if status is None and "address already in use" not in words:
                break
        if words is None:
            raise BadInput(
                f"ports {self._ports[0]} to {self._ports[-1]} are all in use",
                where="--toxiproxy-ports",
                hint="Name others, or let other runs end",
            )
        raise BadInput(
            f"Toxiproxy did not start: {sanitised(words) or 'its API did not answer'}",
            where=str(self._binary),
            hint="Remove this file to have it obtained again, or put another toxiproxy-server"
            " on PATH.",
        )

    def alive(self) -> bool:
        """Return whether the server is still running."""
        return self._guard is not None and self._guard.poll() is None

    def stop(self) -> None:
        """End it and wait for its end; what it proxied is cut off. Harmless when not running."""
        guard, self._guard, self.port = self._guard, None, 0
        _held.discard(self)
        self._cut_lifeline()
        if guard is not None:
            try:
                guard.wait(_STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(guard.pid, signal.SIGKILL)
                guard.wait(_STOP_LIMIT_S)
        if self._log is not None:
            self._log.close()
            self._log = None

    def _launch(self, port: int) -> int | None:
        """Start on `port`; return the status of the answer to a question only ours can answer.

        If another program takes the port first, ours stays up without an API and another server may
        answer in its place. So ours starts with a (disabled) proxy of a secret name.
        """
        mark = f"harness-{secrets.token_hex(8)}"
        nowhere = f"{_HOST}:1"
        config = [{"name": mark, "listen": nowhere, "upstream": nowhere, "enabled": False}]
        command = [str(self._binary), "-host", _HOST, "-port", str(port)]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - `stop` closes it
        reader, writer = os.pipe()
        self._lifeline = os.fdopen(writer, "wb", buffering=0)
        try:
            self._guard = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD, "toxiproxy-guard", json.dumps(config), *command],
                stdin=reader,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                env=environment.for_child(**_VARIABLES),
                start_new_session=True,
            )
        finally:
            os.close(reader)
        _held.add(self)
        status = self._wait_for(f"http://{_HOST}:{port}/proxies/{mark}")
        if status == _OURS:
            self.port = port
        return status

    def _wait_for(self, url: str) -> int | None:
        """Return the status of the first answer, `None` when the server ended or stays silent."""
        deadline_ns = now_ns() + int(_START_LIMIT_S * NS_PER_S)
        with requests.Session() as session:
            session.trust_env = False
            while self.alive() and now_ns() < deadline_ns:
                try:
                    return session.get(url, timeout=_START_LIMIT_S).status_code
                except requests.RequestException:
                    time.sleep(_POLL_S)
        return None

    def _last_words(self) -> str:
        if self._log is None:
            return ""
        self._log.seek(0)
        return self._log.read(4096).decode(errors="replace")

    def _cut_lifeline(self) -> None:
        """Close the pipe now: under gevent `os.close` closes when its loop next wakes up."""
        if self._lifeline is not None:
            self._lifeline.close()
            self._lifeline = None

    def _let_go(self) -> None:
        """Forget the server in a forked child, which must not keep its lifeline open."""
        self._cut_lifeline()
        if self._guard is not None:
            self._guard.returncode = 0
            self._guard = None
        self.port = 0


def _let_go_of_all() -> None:
    for server in list(_held):
        server._let_go()  # noqa: SLF001 - the module's own class
    _held.clear()


os.register_at_fork(after_in_child=_let_go_of_all)
