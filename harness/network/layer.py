"""Ways through Toxiproxy, one a session, and the finding whether they are what they say.

What is called from here blocks plainly and may be called from threads or, under Locust, from
greenlets; what changes while a call runs is the business of its `Impairment`, on the loop that
sends audio. The client library keeps the server's address for the whole process: one layer per
process.
"""

import asyncio
import contextlib
import functools
import itertools
import secrets
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import requests
import toxiproxy
import toxiproxy.api
import toxiproxy.exceptions

from harness.clock import NS_PER_MS
from harness.errors import HarnessError, RunInvalid
from harness.model import NetworkProfile, RealisedNetwork
from harness.network.calls import Calls
from harness.network.changes import changes
from harness.network.impairment import Conductor, Impairment
from harness.network.ledger import Account, Ledger
from harness.network.ports import candidate_ports
from harness.network.probe import Overhead, measure_overhead, probe
from harness.network.profiles import choose_profile
from harness.network.remote import RemoteToxiproxy
from harness.network.server import ToxiproxyServer
from harness.network.stall_probe import StallFinding, judge_stalls, probe_stalls
from harness.network.toxics import toxics
from harness.network.traces import Draw, Stream, TracePool
from harness.network.updates import Api
from harness.network.watch import Watch

_HOST = "127.0.0.1"
_API_LIMIT_S = 5.0
_PORTS_TRIED = 100
_WATCH_S, _WATCH_LIMIT_S = 1.0, 3.0

RunOnLoop = Callable[[Coroutine[Any, Any, StallFinding]], StallFinding]


class NetworkLayer:
    """A Toxiproxy server and the proxies in it; one per process, made after any fork.

    Args:
        server: Toxiproxy's program, as `find_or_install` returns it, or one that is running.
        profiles: What `route` and `verify` may be asked for, by name.
        stream: What sessions send; the stall schedules are made for it.
        seed: The one number that all chance of the network comes from.
    """

    def __init__(
        self,
        server: Path | Api,
        profiles: Mapping[str, NetworkProfile],
        *,
        stream: Stream | None = None,
        seed: int = 1,
    ) -> None:
        self._server: ToxiproxyServer | RemoteToxiproxy
        self._server = (
            RemoteToxiproxy(server) if isinstance(server, Api) else ToxiproxyServer(server)
        )
        self._api = server if isinstance(server, Api) else None
        self._profiles = profiles
        self._stream, self._seed = stream or Stream(), seed
        self._pools: dict[str, TracePool] = {}
        self._proxies: dict[str, toxiproxy.Proxy] = {}
        self._impairments: dict[str, Impairment] = {}
        self._spare: dict[str, list[tuple[Any, int]]] = {}
        self._ports = candidate_ports()
        self._prefix = f"harness-{secrets.token_hex(4)}"
        self._numbers = itertools.count()
        self._ledger = Ledger(tolerance_ns=round(self._stream.cadence_ms / 2 * NS_PER_MS))
        self._conductor: Conductor | None = None
        self._watch: Watch | None = None

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
        """Start the server, or see that the one that runs will do.

        Raises:
            BadInput: It does not start, does not answer or is too old.
        """
        self._server.start()
        self._api = self._api or Api(host=_HOST, port=self._server.port)
        toxiproxy.api.requests = Calls(self._api.token, _API_LIMIT_S)
        toxiproxy.Toxiproxy().update_api_consumer(self._api.host, self._api.port)
        self._conductor = Conductor(self._api, self._ledger)
        self._watch = Watch(self._api.url, _WATCH_S, _WATCH_LIMIT_S)

    def stop(self) -> None:
        """End the server, and with it every proxy and connection. Harmless when not running.

        A server of somebody else's goes on; what was made in it is removed.
        """
        if self._watch is not None:
            self._watch.stop()
        if isinstance(self._server, RemoteToxiproxy):
            spare = [proxy for found in self._spare.values() for proxy, _ in found]
            for proxy in [*self._proxies.values(), *spare]:
                self._destroy(proxy)
        self._proxies.clear()
        self._impairments.clear()
        self._spare.clear()
        self._server.stop()

    def alive(self) -> bool:
        """Tell whether the server is running and answering still."""
        lost = self._conductor is not None and self._conductor.lost
        silent = self._watch is not None and self._watch.silent
        return self._server.alive() and not lost and not silent

    def account(self) -> Account:
        """Sum up the changes made so far."""
        return self._ledger.account()

    def marks(self, session_id: str) -> list[tuple[int, int]]:
        """Return when a session's network was not what was planned.

        Returns:
            From when to when on the monotonic clock, in order; a change that came more than half
            a frame late, or failed, makes one entry.
        """
        return list(self._ledger.marks.get(session_id, ()))

    def route(
        self, session_id: str, profile: str, upstream_host: str, upstream_port: int
    ) -> tuple[str, int]:
        """Open a way of its own for one session.

        Args:
            session_id: Whose way it is; one at a time. Its stalls are drawn from this name.
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
        return self._open(session_id, wanted, upstream_host, upstream_port)

    def impairment(self, session_id: str) -> Impairment:
        """Return what happens to a session's way in the course of the call.

        Raises:
            KeyError: The session has no way.
        """
        return self._impairments[session_id]

    def prepare(self, profile: str) -> TracePool:
        """Compute a profile's stall schedules, once; up to two seconds for one with loss.

        Raises:
            BadInput: There is no such profile.
        """
        return self._pool(choose_profile(self._profiles, profile))

    def stock(self, upstream_host: str, upstream_port: int, count: int) -> None:
        """Make proxies for sessions to come, all in one request.

        Raises:
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        upstream = _address(upstream_host, upstream_port)
        spare = self._spare.setdefault(upstream, [])
        with self._explained():
            while len(spare) < count:
                ports = list(itertools.islice(self._ports, count - len(spare)))
                wanted = [
                    {"name": self._name(), "upstream": upstream, "listen": self._listens(port)}
                    for port in ports
                ]
                try:
                    answer = toxiproxy.api.APIConsumer.post("/populate", json=wanted)
                except requests.HTTPError as error:
                    if "address already in use" not in str(error):
                        raise
                    answer = error.response
                made = answer.json()["proxies"] or []
                spare += [
                    (toxiproxy.Proxy(**proxy), int(proxy["listen"].rpartition(":")[2]))
                    for proxy in made
                ]
                if not made:
                    next(self._ports)  # the taken one

    def release(self, session_id: str) -> None:
        """Close the session's way and cut what still passes through it.

        Never raises, since it is called when a session is over for whatever reason: what cannot
        be removed now goes with the server, and `alive` tells when that is gone.
        """
        self._impairments.pop(session_id, None)
        proxy = self._proxies.pop(session_id, None)
        if proxy is not None:
            self._destroy(proxy)

    def verify(self, profile: str, run: RunOnLoop = asyncio.run) -> RealisedNetwork:
        """Measure through ways with this profile what it really does; ten seconds at most.

        Delay, jitter and bandwidth first, with nothing stalled. Then, if the profile stalls, some
        streams at the cadence of sessions with their schedules running; those ways have neither
        jitter nor a bandwidth limit, so that every delay found is a stall's.

        Args:
            profile: Its name.
            run: Runs a coroutine on the loop that is going to carry the calls, and returns its
                result; on a loop of its own when not given.

        Raises:
            BadInput: There is no such profile.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        wanted = choose_profile(self._profiles, profile)
        found = probe(wanted, functools.partial(self._way_to, replace(wanted, faults=())))
        if not wanted.stalls or found.probes == 0:
            return found
        judged = self._verify_stalls(wanted, found, run)
        return judged if judged.verified else self._verify_stalls(wanted, found, run)

    def measure_overhead(self) -> Overhead:
        """Measure what the proxy costs by itself: round trips directly and through it.

        Raises:
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        return measure_overhead(functools.partial(self._way_to, NetworkProfile(name="bare")))

    @contextlib.contextmanager
    def _way_to(self, profile: NetworkProfile, port: int) -> Iterator[tuple[str, int]]:
        """Open a way to a port of this machine while the block runs."""
        session_id = f"probe-{next(self._numbers)}"
        try:
            yield self._open(session_id, profile, _HOST, port)
        finally:
            self.release(session_id)

    def _verify_stalls(
        self, wanted: NetworkProfile, found: RealisedNetwork, run: RunOnLoop
    ) -> RealisedNetwork:
        bare = replace(
            wanted,
            up=replace(wanted.up, jitter_ms=0.0, rate_kbit_s=None),
            down=replace(wanted.down, jitter_ms=0.0, rate_kbit_s=None),
            faults=(),
        )
        before = self._ledger.failed
        measured = run(probe_stalls(_Probed(self, bare), self._stream))
        return judge_stalls(found, measured, failed=self._ledger.failed - before)

    def _open(
        self, session_id: str, wanted: NetworkProfile, upstream_host: str, upstream_port: int
    ) -> tuple[str, int]:
        if session_id in self._proxies:
            raise ValueError(f"session {session_id} has a way through the network already")
        assert self._api is not None
        assert self._conductor is not None
        with self._explained():
            upstream = _address(upstream_host, upstream_port)
            spare = self._spare.get(upstream)
            proxy, port = spare.pop() if spare else self._listen(upstream)
            self._proxies[session_id] = proxy
            try:
                for toxic in toxics(wanted):
                    proxy.add_toxic(
                        name=toxic.name,
                        type=toxic.kind,
                        stream=toxic.stream,
                        attributes=toxic.attributes,
                    )
            except BaseException:
                self.release(session_id)
                raise
        plans = changes(self._api, proxy.name, wanted, self._pool(wanted).draw(session_id))
        self._impairments[session_id] = Impairment(self._conductor, session_id, plans)
        return self._api.host, port

    def _pool(self, wanted: NetworkProfile) -> TracePool:
        if wanted.name not in self._pools:
            self._pools[wanted.name] = TracePool(wanted, self._stream, self._seed)
        return self._pools[wanted.name]

    def _listen(self, upstream: str) -> tuple[Any, int]:
        """Make a proxy on the next port that is free.

        The library's own `create` first fetches all proxies with their toxics: a cost that grows
        with the square of the sessions, and a call that hangs when one of them is wedged. Ours
        does not, which also makes it safe to be called by many at once.
        """
        name = self._name()
        for port in itertools.islice(self._ports, _PORTS_TRIED):
            request = {"name": name, "upstream": upstream, "listen": self._listens(port)}
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

    def _name(self) -> str:
        return f"{self._prefix}-{next(self._numbers)}"

    def _listens(self, port: int) -> str:
        """Return where a proxy listens: where its server's API does, as far as one can tell."""
        assert self._api is not None
        local = self._api.host in (_HOST, "localhost", "::1")
        return f"{_HOST if local else '0.0.0.0'}:{port}"  # noqa: S104

    def _destroy(self, proxy: Any) -> None:
        with contextlib.suppress(requests.RequestException, toxiproxy.exceptions.NotFound):
            proxy.destroy()

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


class _Probed:
    """One profile as `probe_stalls` sees it."""

    def __init__(self, layer: NetworkLayer, profile: NetworkProfile) -> None:
        self.profile = profile
        self._layer = layer

    def open(self, session_id: str, port: int) -> tuple[tuple[str, int], Impairment]:
        way = self._layer._open(session_id, self.profile, _HOST, port)  # noqa: SLF001
        return way, self._layer.impairment(session_id)

    def draw(self, session_id: str) -> tuple[Draw, Draw]:
        drawn = self._layer.prepare(self.profile.name).draw(session_id)
        assert drawn is not None
        return drawn

    def close(self, session_id: str) -> None:
        self._layer.release(session_id)


def _address(host: str, port: int) -> str:
    return f"{f'[{host}]' if ':' in host else host}:{port}"
