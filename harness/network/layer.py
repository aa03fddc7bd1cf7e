"""Routes through Toxiproxy, one per session, and the verification that they match their profiles.

The methods block and may be called from threads or, under Locust, from greenlets; changes while a
call runs are carried out by its `Impairment`, on the loop that sends audio. The client
library keeps the server's address for the whole process: one layer per process.
"""

import asyncio
import contextlib
import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from harness.model import NS_PER_MS, NetworkProfile, ProxyOverhead, RealisedNetwork, UpdateStats
from harness.network.probe import stall_probe
from harness.network.probe.frame_flow import FrameFlows, RunOnLoop, stream_frames
from harness.network.probe.profile_probe import measure_overhead, probe
from harness.network.probe.proxy_overhead import OverheadWatch
from harness.network.profiles.catalogue import choose_profile
from harness.network.tcp.stages import bare, plain
from harness.network.tcp.traces import Stream, TracePool, TraceStart
from harness.network.toxiproxy.liveness import Liveness
from harness.network.toxiproxy.ports import PORTS
from harness.network.toxiproxy.proxies import Proxies
from harness.network.toxiproxy.remote import RemoteToxiproxy
from harness.network.toxiproxy.server import ToxiproxyServer
from harness.network.toxiproxy.toxic_client import ApiAddress
from harness.network.toxiproxy.toxic_schedule import compile_toxic_schedule
from harness.network.toxiproxy.toxic_scheduler import Impairment, ToxicScheduler
from harness.network.toxiproxy.toxics import toxics
from harness.network.toxiproxy.update_log import UpdateLog

_HOST = "127.0.0.1"
_WATCH_S, _WATCH_LIMIT_S = 1.0, 3.0


class NetworkLayer:
    """A Toxiproxy server and the proxies in it; one per process, made after any fork.

    Args:
        server: Toxiproxy's program, as `find_or_install` returns it, or one that is running.
        profiles: What `route` and `verify` may be asked for, by name.
        stream: What sessions send; the stall schedules are made for it.
        seed: Seed of everything the network draws.
        ports: Where proxies may listen.

    Attributes:
        leftovers: Proxies of killed runs that `start` removed from a shared server.
    """

    def __init__(
        self,
        server: Path | ApiAddress,
        profiles: Mapping[str, NetworkProfile],
        *,
        stream: Stream | None = None,
        seed: int = 1,
        ports: range = PORTS,
    ) -> None:
        self._server: ToxiproxyServer | RemoteToxiproxy
        self._server = (
            RemoteToxiproxy(server)
            if isinstance(server, ApiAddress)
            else ToxiproxyServer(server, ports)
        )
        self._api = server if isinstance(server, ApiAddress) else None
        self._profiles, self._ports = profiles, ports
        self._stream, self._seed = stream or Stream(), seed
        self._pools: dict[str, TracePool] = {}
        self._made: Proxies | None = None
        self._proxies: dict[str, Any] = {}
        self._impairments: dict[str, Impairment] = {}
        self._here = _HOST
        self.leftovers = 0
        self._numbers = itertools.count()
        self._log = UpdateLog(tolerance_ns=round(self._stream.cadence_ms / 2 * NS_PER_MS))
        self._scheduler: ToxicScheduler | None = None
        self._watch: Liveness | None = None
        self._overhead: OverheadWatch | None = None

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

    @property
    def url(self) -> str:
        """Address of the Toxiproxy's API."""
        return self._server.url

    def start(self) -> None:
        """Start the server, or check the one that is running.

        Raises:
            BadInput: It does not start, does not answer or is too old.
        """
        self._server.start()
        if isinstance(self._server, RemoteToxiproxy):
            self._here = self._server.reached_from()
        self._api = self._api or ApiAddress(host=_HOST, port=self._server.port)
        self._made = Proxies(self._api, self._ports, self.alive)
        if isinstance(self._server, RemoteToxiproxy):
            self.leftovers = self._made.remove_leftovers()
        self._scheduler = ToxicScheduler(self._api, self._log)
        self._watch = Liveness(self._api.url, _WATCH_S, _WATCH_LIMIT_S)

    def stop(self) -> None:
        """End the server, and with it every proxy and connection. Harmless when not running.

        A server run by somebody else keeps running; the proxies made in it are removed.
        """
        if self._watch is not None:
            self._watch.stop()
        if isinstance(self._server, RemoteToxiproxy) and self._made is not None:
            self._made.remove_all(tuple(self._proxies.values()))
        self._proxies.clear()
        self._impairments.clear()
        self._made = None
        self._server.stop()

    def alive(self) -> bool:
        """Return whether the server is still running and answering."""
        lost = self._scheduler is not None and self._scheduler.lost
        silent = self._watch is not None and self._watch.silent
        return self._server.alive() and not lost and not silent

    def update_stats(self) -> UpdateStats:
        """Return counts and lag of the toxic updates so far."""
        return self._log.stats()

    def forget(self) -> None:
        """Discard what was recorded so far: updates of probes are not part of a run."""
        self._log.forget()
        if self._overhead is not None:
            self._overhead.forget()

    def marks(self, session_id: str) -> list[tuple[int, int]]:
        """Return when a session's network was not in the planned state.

        Returns:
            Start and end on the monotonic clock. There is one entry for each update that was more
            than half a frame late or failed, and for each that is as late and still pending.
        """
        marks = list(self._log.marks.get(session_id, ()))
        impairment = self._impairments.get(session_id)
        return marks + (impairment.overdue(self._log.tolerance_ns) if impairment else [])

    def route(
        self, session_id: str, profile: str, upstream_host: str, upstream_port: int
    ) -> tuple[str, int]:
        """Open a separate route for one session.

        Args:
            session_id: The session; it has one route at a time. Its stalls are drawn from this
                name.
            profile: Name of the profile it is subject to, in both directions.
            upstream_host: Where it leads.
            upstream_port: Where it leads.

        Returns:
            Host and port to connect to instead.

        Raises:
            BadInput: There is no such profile, or no port is left.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        wanted = choose_profile(self._profiles, profile)
        drawn = self._pool(wanted).draw(session_id)
        return self._open(session_id, wanted, upstream_host, upstream_port, drawn)

    def impairment(self, session_id: str) -> Impairment:
        """Return what happens to a session's route in the course of the call.

        Raises:
            KeyError: The session has no route.
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
            BadInput: No port is left.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        assert self._made is not None
        self._made.stock(_address(upstream_host, upstream_port), count)

    def release(self, session_id: str) -> None:
        """Close the session's route and cut what still passes through it.

        Never raises, since it is called when a session is over for whatever reason: what cannot
        be removed now is removed with the server, and `alive` returns whether that is running.
        """
        self._impairments.pop(session_id, None)
        proxy = self._proxies.pop(session_id, None)
        if proxy is not None and self._made is not None:
            self._made.remove(proxy)

    def verify(
        self,
        profile: str,
        run: RunOnLoop | None = None,
        *,
        streams: int | None = None,
        seconds: float | None = None,
    ) -> RealisedNetwork:
        """Measure what routes with this profile really do; takes some ten seconds.

        Delay, jitter and bandwidth first, with nothing stalled; of a profile that changes, those
        of every stage. Then, if the profile stalls or changes, some streams at the cadence of
        sessions with their schedules running, around every change; those routes have neither
        jitter nor a bandwidth limit, so that every delay found is a stall's or a stage's.

        Args:
            profile: Its name.
            run: Runs coroutines on the loop that is going to carry the calls; on a loop of its own
                when not given.
            streams: How many streams probe for stalls, 16 by default.
            seconds: For how long, 6 by default.

        Raises:
            BadInput: There is no such profile, or no port is left.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        wanted = choose_profile(self._profiles, profile)
        found, *later = (
            (from_s, probe(stage, functools.partial(self._route_to, stage), self._here))
            for from_s, stage in plain(wanted)
        )
        realised = found[1]
        for from_s, stage in later:
            realised = replace(
                realised,
                verified=realised.verified and stage.verified,
                why=f"{realised.why}; from {from_s:g} s {stage.why}",
            )
        if not wanted.stalls or realised.probes == 0:
            return realised
        with asyncio.Runner() as runner:
            on_loop = runner.run if run is None else run
            verify = functools.partial(
                self._verify_stalls,
                wanted,
                realised,
                on_loop,
                stall_probe.STREAMS if streams is None else streams,
                stall_probe.SECONDS if seconds is None else seconds,
            )
            measured = verify()
            return measured if measured.verified else verify()

    def stream(
        self,
        profile: NetworkProfile,
        draws: Sequence[tuple[TraceStart, TraceStart]],
        run: RunOnLoop,
        *,
        seconds: float,
    ) -> FrameFlows:
        """Send frames in both directions over routes of this profile and return the delays of each.

        Args:
            profile: What they are subject to, besides the schedules.
            draws: The schedules of each route, upwards and downwards.
            run: Runs coroutines, all on the same loop.
            seconds: How long.

        Raises:
            BadInput: No port is left.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        routes = _LayerRoutes(self, profile)
        return stream_frames(routes, draws, self._stream, run, host=self._here, seconds=seconds)

    def measure_overhead(self) -> ProxyOverhead:
        """Measure the overhead of the proxy: round trips directly and through it.

        Raises:
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        route_to = functools.partial(self._route_to, NetworkProfile(name="bare"))
        return measure_overhead(route_to, self._here)

    def watch_overhead(self, run: RunOnLoop) -> str:
        """Start measuring the overhead of the proxy while calls run.

        Args:
            run: Runs a coroutine on the loop that carries the calls.

        Returns:
            Why it cannot be measured, empty when it is.

        Raises:
            BadInput: No port is left.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        self._overhead = OverheadWatch(self._here)
        port = run(self._overhead.listen())
        route = self._open("overhead", NetworkProfile(name="bare"), self._here, port)
        return run(self._overhead.begin(route))

    async def end_overhead(self) -> None:
        """Stop measuring the overhead; to be run on the loop that `watch_overhead` was given."""
        if self._overhead is not None:
            self._overhead.end()

    def overhead(self) -> ProxyOverhead | None:
        """Return the overhead of the proxy since `watch_overhead`, `None` when not measured."""
        return None if self._overhead is None else self._overhead.found()

    @contextlib.contextmanager
    def _route_to(self, profile: NetworkProfile, port: int) -> Iterator[tuple[str, int]]:
        """Open a route to a port of this machine while the block runs."""
        session_id = f"probe-{next(self._numbers)}"
        try:
            yield self._open(session_id, profile, self._here, port)
        finally:
            self.release(session_id)

    def _verify_stalls(
        self,
        wanted: NetworkProfile,
        found: RealisedNetwork,
        run: RunOnLoop,
        streams: int,
        seconds: float,
    ) -> RealisedNetwork:
        before = self._log.failed
        drawn = stall_probe.draws(self._pool(wanted), wanted, streams)
        flows = self.stream(bare(wanted), drawn, run, seconds=seconds)
        measured = stall_probe.sum_up(flows, self._stream)
        return stall_probe.add_stalls(found, measured, failed=self._log.failed - before)

    def _open(
        self,
        session_id: str,
        wanted: NetworkProfile,
        upstream_host: str,
        upstream_port: int,
        drawn: tuple[TraceStart, TraceStart] | None = None,
    ) -> tuple[str, int]:
        if session_id in self._proxies:
            raise ValueError(f"session {session_id} has a route through the network already")
        assert self._api is not None
        assert self._made is not None
        assert self._scheduler is not None
        proxy, port = self._made.open(_address(upstream_host, upstream_port), toxics(wanted))
        self._proxies[session_id] = proxy
        plans = compile_toxic_schedule(self._api, proxy.name, wanted, drawn)
        self._impairments[session_id] = Impairment(self._scheduler, session_id, plans)
        return self._api.host, port

    def _pool(self, wanted: NetworkProfile) -> TracePool:
        if wanted.name not in self._pools:
            self._pools[wanted.name] = TracePool(wanted, self._stream, self._seed)
        return self._pools[wanted.name]


class _LayerRoutes:
    """Routes of one profile through a layer, as the `ProbeRoutes` of `stream_frames`."""

    def __init__(self, layer: NetworkLayer, profile: NetworkProfile) -> None:
        self.profile = profile
        self._layer = layer

    def open(
        self, session_id: str, port: int, drawn: tuple[TraceStart, TraceStart]
    ) -> tuple[tuple[str, int], Impairment]:
        layer = self._layer
        route = layer._open(session_id, self.profile, layer._here, port, drawn)  # noqa: SLF001
        return route, layer.impairment(session_id)

    def close(self, session_id: str) -> None:
        self._layer.release(session_id)


def _address(host: str, port: int) -> str:
    return f"{f'[{host}]' if ':' in host else host}:{port}"
