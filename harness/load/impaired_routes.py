"""The impaired routes of one process's calls: prepared, assigned, monitored and summarised."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from harness.engine.engine import AudioEngine
from harness.engine.preflight import try_session
from harness.engine.route import Route
from harness.environment import LOOPBACK, cache_dir
from harness.errors import BadInput, sanitised
from harness.load.options import DIRECT, Options
from harness.load.run_setup import resolve_profiles
from harness.model import Progress, RunEvent, RunEventKind
from harness.network import NetworkLayer, Stream, collapse, find_or_install
from harness.session import NetworkLateness

_TRIAL_SESSION = "try_session"


class ImpairedRoutes:
    """Routes to the target through networks. Make it after any fork, with the engine running.

    Args:
        options: What was asked for.
        route: The direct route.
        engine: What carries the calls.
        message_bytes: Size of a message with one frame of audio.
    """

    def __init__(
        self, options: Options, route: Route, engine: AudioEngine, message_bytes: int
    ) -> None:
        self._options, self._route, self._engine = options, route, engine
        self._stream = Stream(cadence_ms=options.frame_ms, message_bytes=message_bytes)
        self._layer: NetworkLayer | None = None
        self._profiles = resolve_profiles(options)
        self.lost = ""

    def prepare(self, progress: Progress) -> list[RunEvent]:
        """Start or find Toxiproxy and measure every profile; return the findings as events.

        Raises:
            BadInput: Toxiproxy cannot be had, or cannot carry the calls.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        if not self._profiles:
            return []
        theirs = self._options.toxiproxy
        if theirs is not None and theirs.host not in LOOPBACK and self._upstream()[0] in LOOPBACK:
            raise BadInput(
                "the target is on this machine, and the Toxiproxy on another one",
                where=f"--toxiproxy {theirs.url}",
                hint="Give the target by an address that the Toxiproxy reaches it by",
            )
        self._layer = layer = NetworkLayer(
            theirs or find_or_install(cache_dir(), progress),
            self._profiles,
            stream=self._stream,
            seed=self._options.seed,
            ports=self._options.toxiproxy_ports,
        )
        layer.start()
        if layer.leftovers:
            progress.step(f"Removed {layer.leftovers} proxies that killed runs had left behind")
        events = []
        for name, profile in self._profiles.items():
            progress.step(f"Measuring network profile {name} through Toxiproxy")
            found = layer.verify(name, self._engine.run)
            if theirs is not None and not found.probes:
                raise self._unfit(found.why)
            if (warning := collapse(profile, self._stream.cadence_ms)) is not None:
                progress.step(f"Warning: {warning}")
                found = replace(found, why=f"{found.why}; {warning}")
            kind = RunEventKind.NETWORK
            events.append(RunEvent(kind=kind, at_ns=0, detail=found.why, network=found))
        if theirs is not None:
            progress.step(f"Opening one session through {theirs.url}")
            self._check_reachable(layer)
        layer.watch_overhead(self._engine.run)
        return events

    def begin(self) -> None:
        """Discard what was measured while preparing: it is not part of the run."""
        if self._layer is not None:
            self._layer.forget()

    def route(self, session_id: str, network: str) -> Route:
        """Return a session's route to the target.

        Raises:
            BadInput: No port is left.
            RunInvalid: Toxiproxy is gone, does not answer or refuses.
        """
        if network == DIRECT or self._layer is None:
            return self._route
        via = self._layer.route(session_id, network, *self._upstream())
        return replace(self._route, via=via, impairment=self._layer.impairment(session_id))

    def release(self, session_id: str) -> None:
        """Close a session's route, if it has one; may take its time."""
        if self._layer is not None and not self.lost:
            self._layer.release(session_id)

    def check(self) -> bool:
        """Return whether calls can continue; `lost` says why not."""
        if self._layer is not None and not self.lost and not self._layer.alive():
            self.lost = "it ended, hung or refused changes during the run"
        return not self.lost

    def lateness(self, network: str) -> NetworkLateness | None:
        """Return what tells how long a session's network was not in the planned state.

        Args:
            network: Name of the session's profile; `None` is returned for one that never changes.
        """
        profile = self._profiles.get(network)
        return self._late_ns if profile is not None and profile.stalls else None

    def detach(self) -> None:
        """Stop everything on the engine's loop, which is about to end."""
        if self._layer is not None:
            # If the engine died, nothing is left on its loop.
            with contextlib.suppress(RuntimeError):
                self._engine.run(self._layer.end_overhead())

    def close(self, at_ns: int) -> list[RunEvent]:
        """Close all routes and return a summary of them; idempotent."""
        layer, self._layer = self._layer, None
        if layer is None:
            return []
        stats, overhead = layer.update_stats(), layer.overhead()
        layer.stop()
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
        marks = [] if self._layer is None else self._layer.marks(session_id)
        return overlap_ns(marks, began_ns, ended_ns)

    def _upstream(self) -> tuple[str, int]:
        target = self._route.target
        return self._route.via or (target.host, target.port)

    def _check_reachable(self, layer: NetworkLayer) -> None:
        """Check that the Toxiproxy reaches the target."""
        name = next(iter(self._profiles))
        via = layer.route(_TRIAL_SESSION, name, *self._upstream())
        fault = self._engine.run(try_session(replace(self._route, via=via)))
        layer.release(_TRIAL_SESSION)
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


def overlap_ns(marks: Sequence[tuple[int, int]], began_ns: int, ended_ns: int) -> int:
    """Return for how long marks, from when to when, lie between two instants."""
    return sum(max(0, min(end, ended_ns) - max(begin, began_ns)) for begin, end in marks)
