"""The routes of one process's calls: prepared, assigned, monitored and summarised."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from harness.engine.engine import AudioEngine
from harness.engine.incoming_call import behind_network
from harness.engine.preflight import refusal, try_session
from harness.engine.route import Route
from harness.environment import LOOPBACK, cache_dir
from harness.errors import BadInput, Fault, sanitised
from harness.load.options import Options
from harness.load.run_setup import resolve_profiles
from harness.model import DIRECT, NetworkProfile, Progress, RunEvent, RunEventKind
from harness.network import NetworkLayer, Stream, collapse, find_or_install
from harness.session import NetworkLateness

_TRIAL_SESSION = "try_session"


class Routes(Protocol):
    """How the calls of one process reach the target."""

    def prepare(self, progress: Progress) -> list[RunEvent]:
        """Prepare every route that will be used; return the findings as events."""

    def begin(self) -> None:
        """Discard what was measured while preparing: it is not part of the run."""

    def route(self, session_id: str, network: str, user_class: str) -> Route:
        """Return a session's route to the target of its user class."""

    def release(self, session_id: str) -> None:
        """Close a session's route, if it has one; may take its time."""

    def check(self) -> str:
        """Return why calls cannot go on, empty while they can."""

    def lateness(self, network: str) -> NetworkLateness | None:
        """Return what tells how long a session's network was not in the planned state."""

    def detach(self) -> None:
        """Stop everything on the engine's loop, which is about to end."""

    def close(self, at_ns: int) -> list[RunEvent]:
        """Close all routes and return a summary of them."""


class DirectRoutes:
    """The routes to the targets, where no network is impaired.

    Args:
        routes: The direct route of each user class.
    """

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self._direct = routes

    def prepare(self, progress: Progress) -> list[RunEvent]:
        """Return no findings."""
        return []

    def begin(self) -> None:
        """Do nothing."""

    def route(self, session_id: str, network: str, user_class: str) -> Route:
        """Return the direct route."""
        return self._direct[user_class]

    def release(self, session_id: str) -> None:
        """Do nothing."""

    def check(self) -> str:
        """Return that calls can go on."""
        return ""

    def lateness(self, network: str) -> None:
        """Return nothing: no network changes."""

    def detach(self) -> None:
        """Do nothing."""

    def close(self, at_ns: int) -> list[RunEvent]:
        """Return no summary."""
        return []


def choose_routes(
    options: Options,
    routes: Mapping[str, Route],
    engine: AudioEngine,
    stream: Stream,
    progress: Progress,
) -> Routes:
    """Return the routes that the options ask for. Call it after any fork.

    Args:
        options: What was asked for.
        routes: The direct route of each user class.
        engine: What carries the calls; it runs.
        stream: What a caller sends: of several kinds the most demanding.
        progress: Receives the progress of obtaining Toxiproxy.

    Raises:
        BadInput: Toxiproxy cannot be had, or cannot reach a target.
    """
    profiles = resolve_profiles(options)
    if not profiles:
        return DirectRoutes(routes)
    routes = {name: _with_known_server(route, engine) for name, route in routes.items()}
    theirs, upstreams = options.toxiproxy, map(_upstream, routes.values())
    if (
        theirs is not None
        and theirs.host not in LOOPBACK
        and any(h in LOOPBACK for h, _ in upstreams)
    ):
        raise BadInput(
            "the target is on this machine, and the Toxiproxy on another one",
            where=f"--toxiproxy {theirs.url}",
            hint="Give the target by an address that the Toxiproxy reaches it by",
        )
    layer = NetworkLayer(
        theirs or find_or_install(cache_dir(), progress),
        profiles,
        stream=stream,
        seed=options.seed,
        ports=options.toxiproxy_ports,
    )
    return ImpairedRoutes(options, routes, engine, layer, profiles)


def _with_known_server(route: Route, engine: AudioEngine) -> Route:
    """Return a route whose server is known: a proxy leads to one, also behind a webhook.

    Raises:
        BadInput: The webhook leads to none.
    """
    if route.webhook is None:
        return route
    found = engine.run(behind_network(route))
    if isinstance(found, Fault):
        raise refusal(route, found)
    return found


class ImpairedRoutes:
    """Routes to the targets through networks of one layer.

    Args:
        options: What was asked for.
        routes: The direct route of each user class.
        engine: What carries the calls.
        layer: Not started yet.
        profiles: Its profiles, by name.
    """

    def __init__(
        self,
        options: Options,
        routes: Mapping[str, Route],
        engine: AudioEngine,
        layer: NetworkLayer,
        profiles: Mapping[str, NetworkProfile],
    ) -> None:
        self._options, self._direct, self._engine = options, routes, engine
        self._layer, self._profiles = layer, profiles

    def prepare(self, progress: Progress) -> list[RunEvent]:
        """Start or find Toxiproxy and measure every profile; return the findings as events.

        Raises:
            BadInput: Toxiproxy cannot be had, or cannot carry the calls.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        layer, theirs = self._layer, self._options.toxiproxy
        layer.start()
        if layer.leftovers:
            progress.step(f"Removed {layer.leftovers} proxies that killed runs had left behind")
        events = []
        for name, profile in self._profiles.items():
            progress.step(f"Measuring network profile {name} through Toxiproxy")
            found = layer.verify(name, self._engine.run)
            if theirs is not None and not found.probes:
                raise self._unfit(found.why)
            if (warning := collapse(profile, self._options.frame_ms)) is not None:
                progress.step(f"Warning: {warning}")
                found = replace(found, why=f"{found.why}; {warning}")
            kind = RunEventKind.NETWORK
            events.append(RunEvent(kind=kind, at_ns=0, detail=found.why, network=found))
        if theirs is not None:
            progress.step(f"Opening one session through {theirs.url}")
            self._check_reachable()
        layer.watch_overhead(self._engine.run)
        return events

    def begin(self) -> None:
        """Discard what was measured while preparing: it is not part of the run."""
        self._layer.forget()

    def route(self, session_id: str, network: str, user_class: str) -> Route:
        """Return a session's route to the target of its user class.

        Raises:
            BadInput: No port is left.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        direct = self._direct[user_class]
        if network == DIRECT:
            return direct
        via = self._layer.route(session_id, network, *_upstream(direct))
        return replace(direct, via=via, impairment=self._layer.impairment(session_id))

    def release(self, session_id: str) -> None:
        """Close a session's route, if it has one; may take its time."""
        self._layer.release(session_id)

    def check(self) -> str:
        """Return why calls cannot go on, empty while they can."""
        return "" if self._layer.alive() else "it ended, hung or refused changes during the run"

    def lateness(self, network: str) -> NetworkLateness | None:
        """Return what tells how long a session's network was not in the planned state.

        Args:
            network: Name of the session's profile; `None` is returned for one that never changes.
        """
        profile = self._profiles.get(network)
        return self._late_ns if profile is not None and profile.stalls else None

    def detach(self) -> None:
        """Stop everything on the engine's loop, which is about to end."""
        # If the engine died, nothing is left on its loop.
        with contextlib.suppress(RuntimeError):
            self._engine.run(self._layer.end_overhead())

    def close(self, at_ns: int) -> list[RunEvent]:
        """Close all routes and return a summary of them."""
        stats, overhead = self._layer.update_stats(), self._layer.overhead()
        self._layer.stop()
        words = [f"the proxy itself: {overhead}"] if overhead is not None else []
        if stats.planned:
            words.insert(0, str(stats))
        if not words:
            return []
        return [
            RunEvent(
                kind=RunEventKind.NETWORK,
                at_ns=at_ns,
                detail="; ".join(words),
                account=stats if stats.planned else None,
                proxy=overhead,
            )
        ]

    def _late_ns(self, session_id: str, began_ns: int, ended_ns: int) -> int:
        return overlap_ns(self._layer.marks(session_id), began_ns, ended_ns)

    def _check_reachable(self) -> None:
        """Check that the Toxiproxy reaches every target."""
        name = next(iter(self._profiles))
        for direct in {_upstream(route): route for route in self._direct.values()}.values():
            via = self._layer.route(_TRIAL_SESSION, name, *_upstream(direct))
            fault = self._engine.run(try_session(replace(direct, via=via)))
            self._layer.release(_TRIAL_SESSION)
            if fault is not None:
                raise self._unfit(f"no session could be opened through it ({fault})")

    def _unfit(self, why: str) -> BadInput:
        assert self._options.toxiproxy is not None
        ports = self._options.toxiproxy_ports
        return BadInput(
            sanitised(why),
            where=f"--toxiproxy {self._options.toxiproxy.url}",
            hint=f"Its ports {ports[0]} to {ports[-1]} have to be open to this machine, and this"
            " machine and the target to it",
        )


def _upstream(route: Route) -> tuple[str, int]:
    """Return what a proxy in front of a route connects to."""
    return route.via or (route.target.host, route.target.port)


def overlap_ns(marks: Sequence[tuple[int, int]], began_ns: int, ended_ns: int) -> int:
    """Return for how long marks, from when to when, lie between two instants."""
    return sum(max(0, min(end, ended_ns) - max(begin, began_ns)) for begin, end in marks)
