"""Ways through Toxiproxy, one a session, and the finding whether they are what they say.

Toxiproxy delays and throttles what passes through a proxy by a chain of toxics per direction.
The order matters: a latency toxic reckons from the moment a piece of data was read from the
socket, so one that stands behind a bandwidth toxic swallows what that one has added. Latency
comes first, bandwidth last.

Everything here blocks plainly and may be called from threads or, under Locust, from greenlets.
The client library keeps the server's address for the whole process: one layer per process.
"""

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import requests
import toxiproxy
import toxiproxy.api
import toxiproxy.exceptions

from harness.errors import HarnessError, RunInvalid
from harness.model import Direction, NetworkProfile, RealisedNetwork
from harness.network.ports import candidate_ports
from harness.network.probe import probe
from harness.network.profiles import choose_profile
from harness.network.server import ToxiproxyServer

_HOST = "127.0.0.1"
_API_LIMIT_S = 5.0
_PORTS_TRIED = 100
_BITS_PER_BYTE = 8
_LIBRARY_HANDLES = (400, 404, 409)


class _Calls(requests.Session):
    """How the client library reaches the server.

    By itself it calls `requests` without a time limit and through whatever proxy the environment
    names, and takes a server error for a reply. It asks for nothing but this session's methods.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = _API_LIMIT_S
        response = super().request(*args, **kwargs)
        if not response.ok and response.status_code not in _LIBRARY_HANDLES:
            raise requests.HTTPError(response.text, response=response)
        return response


class NetworkLayer:
    """A Toxiproxy server and the proxies in it; one per process, made after any fork.

    Args:
        binary: Toxiproxy's program, as `find_or_install` returns it.
        profiles: What `route` and `verify` may be asked for, by name.
    """

    def __init__(self, binary: Path, profiles: Mapping[str, NetworkProfile]) -> None:
        self._server = ToxiproxyServer(binary)
        self._profiles = profiles
        self._proxies: dict[str, toxiproxy.Proxy] = {}
        self._ports = candidate_ports()
        self._numbers = itertools.count()

    def __enter__(self) -> "NetworkLayer":
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
        """Start the server.

        Raises:
            BadInput: It does not start.
        """
        self._server.start()
        toxiproxy.api.requests = _Calls()
        toxiproxy.Toxiproxy().update_api_consumer(_HOST, self._server.port)

    def stop(self) -> None:
        """End the server, and with it every proxy and connection. Harmless when not running."""
        self._proxies.clear()
        self._server.stop()

    def alive(self) -> bool:
        """Tell whether the server is running still."""
        return self._server.alive()

    def route(
        self, session_id: str, profile: str, upstream_host: str, upstream_port: int
    ) -> tuple[str, int]:
        """Open a way of its own for one session.

        Delays are rounded to the whole milliseconds Toxiproxy knows, bandwidths to whole kB/s.

        Args:
            session_id: Whose way it is; one at a time.
            profile: Name of the profile it is subject to, in both directions.
            upstream_host: Where it leads.
            upstream_port: Where it leads.

        Returns:
            Host and port to connect to instead.

        Raises:
            BadInput: There is no such profile.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        wanted = choose_profile(self._profiles, profile)
        if session_id in self._proxies:
            raise ValueError(f"session {session_id} has a way through the network already")
        host = f"[{upstream_host}]" if ":" in upstream_host else upstream_host
        with self._explained():
            proxy, port = self._listen(f"{host}:{upstream_port}")
            self._proxies[session_id] = proxy
            try:
                for stream, direction in (("upstream", wanted.up), ("downstream", wanted.down)):
                    for kind, attributes in toxics(direction):
                        proxy.add_toxic(type=kind, stream=stream, attributes=attributes)
            except BaseException:
                self.release(session_id)
                raise
        return _HOST, port

    def release(self, session_id: str) -> None:
        """Close the session's way and cut what still passes through it.

        Never raises, since it is called when a session is over for whatever reason: what cannot
        be removed now goes with the server, and `alive` tells when that is gone.
        """
        proxy = self._proxies.pop(session_id, None)
        if proxy is not None:
            with contextlib.suppress(requests.RequestException, toxiproxy.exceptions.NotFound):
                proxy.destroy()

    def verify(self, profile: str) -> RealisedNetwork:
        """Measure through a way with this profile what it really does; a few seconds at most.

        Raises:
            BadInput: There is no such profile.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        wanted = choose_profile(self._profiles, profile)
        session_id = f"probe-{next(self._numbers)}"

        @contextlib.contextmanager
        def way_to(port: int) -> Iterator[tuple[str, int]]:
            try:
                yield self.route(session_id, profile, _HOST, port)
            finally:
                self.release(session_id)

        return probe(wanted, way_to)

    def _listen(self, upstream: str) -> tuple[Any, int]:
        """Make a proxy on the next port that is free.

        The library's own `create` first fetches all proxies with their toxics: a cost that grows
        with the square of the sessions, and a call that hangs when one of them is wedged. Ours
        does not, which also makes it safe to be called by many at once.
        """
        name = f"session-{next(self._numbers)}"
        for port in itertools.islice(self._ports, _PORTS_TRIED):
            request = {"name": name, "upstream": upstream, "listen": f"{_HOST}:{port}"}
            try:
                answer = toxiproxy.api.APIConsumer.post("/proxies", json=request)
            except requests.HTTPError as error:
                if "address already in use" not in str(error):
                    raise
                continue
            return toxiproxy.Proxy(**answer.json()), port
        raise RunInvalid(
            f"{_PORTS_TRIED} ports in a row are in use",
            where=self._server.url,
            mend="Let other runs end, or start fewer sessions.",
        )

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what the library raises into what a person can act on."""
        try:
            yield
        except (
            requests.RequestException,
            toxiproxy.exceptions.InvalidToxic,
            toxiproxy.exceptions.NotFound,
            toxiproxy.exceptions.ProxyExists,
        ) as error:
            raise self._trouble(error) from error

    def _trouble(self, error: Exception) -> HarnessError:
        if not self.alive():
            what = "Toxiproxy has ended"
        elif isinstance(error, requests.Timeout):
            what = f"Toxiproxy did not answer within {_API_LIMIT_S:g} s"
        else:
            what = f"Toxiproxy refused: {error}"
        return RunInvalid(
            what,
            where=self._server.url,
            mend="Without it no network is impaired; run again, or without network profiles.",
        )


def toxics(direction: Direction) -> list[tuple[str, dict[str, int]]]:
    """Return the toxics of one direction in the order they have to be added.

    Args:
        direction: What the direction is asked to do.

    Returns:
        Type and attributes of each; latency and jitter in ms, rate in 1000 bytes per second, all
        whole numbers, since Toxiproxy takes no others. A rate is never 0, which would freeze it.
    """
    chain = []
    delay = {"latency": round(direction.delay_ms), "jitter": round(direction.jitter_ms)}
    if any(delay.values()):
        chain.append(("latency", delay))
    if direction.rate_kbit_s is not None:
        chain.append(("bandwidth", {"rate": max(1, round(direction.rate_kbit_s / _BITS_PER_BYTE))}))
    return chain
