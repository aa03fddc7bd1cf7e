"""What one process needs to hold calls: speech ready to send, a network, the audio engine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import gevent
import gevent.event

from harness.clock import NS_PER_S, now_ns
from harness.corpus import Corpus
from harness.environment import cache_dir
from harness.load.call import Route
from harness.load.engine import AudioEngine
from harness.load.health import ClockWatch, GarbagePauses, quiet_process
from harness.load.ingredients import Schedule, the_dialect, the_profiles, the_route
from harness.load.options import DIRECT, Options
from harness.load.preflight import refusal, visit
from harness.load.speech import encode_corpus
from harness.model import Progress, RunEvent, RunEventKind, SessionRecord, TurnRecord
from harness.network import NetworkLayer, Stream, find_or_install
from harness.recording import Batch
from harness.session import Line, Manner, Session

_POLL_S = 0.05
_CLOSE_LIMIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which calls of the schedule are this process's.

    Attributes:
        origin_ns: Run start on the monotonic clock.
        slot: This process takes every `slots`-th call, beginning with this one.
        slots: Processes that hold calls.
    """

    origin_ns: int
    slot: int = 0
    slots: int = 1


class Workload:
    """Calls of one process. Make it after any fork.

    Args:
        options: What was asked for.
        schedule: Where calls come from.
        corpus: Speech.
        progress: Who hears how preparing goes.
    """

    def __init__(
        self, options: Options, schedule: Schedule, corpus: Corpus, progress: Progress
    ) -> None:
        self.active = 0
        self._options, self._schedule = options, schedule
        self._corpus, self._progress = corpus, progress
        self._dialect = the_dialect()
        self._route = the_route(options, self._dialect)
        self._engine = AudioEngine()
        self._network: NetworkLayer | None = None
        self._network_lost = False
        self._lines: dict[str, Line] = {}
        self._manner: Manner | None = None
        self._share = Share(origin_ns=now_ns())
        self._next = 0
        self._stopping = self._hurried = False
        self._waiting: dict[str, gevent.event.AsyncResult] = {}
        self._batch = Batch()
        self._pauses = GarbagePauses()
        self._clock = ClockWatch()
        self._listeners: list[Callable[[Sequence[TurnRecord], SessionRecord | None], None]] = []

    def prepare(self, *, visit_target: bool) -> None:
        """Make everything ready; nothing has been sent to the target but one empty session.

        Raises:
            BadInput: Something that was asked for cannot be had.
        """
        self._engine.start()
        if visit_target:
            self._progress.step(f"Opening one session at {self._route.target.host}")
            fault = self._engine.run(visit(self._route))
            if fault is not None:
                raise refusal(self._route, fault)
        self._progress.step("Encoding speech")
        options = self._options
        self._lines, self._manner = encode_corpus(
            self._corpus, self._dialect, options.frame_ms, options.limit_s
        )
        profiles = the_profiles(self._options)
        if profiles:
            binary = find_or_install(cache_dir(), self._progress)
            stream = Stream(cadence_ms=options.frame_ms, message_bytes=len(self._manner.silence))
            self._network = NetworkLayer(binary, profiles, stream=stream, seed=options.seed)
            self._network.start()
            for name in profiles:
                self._progress.step(f"Measuring network profile {name} through Toxiproxy")
                found = self._network.verify(name)
                kind = RunEventKind.NETWORK
                event = RunEvent(kind=kind, at_ns=0, detail=found.why, network=found)
                self._batch.events.append(event)

    def begin(self, share: Share) -> None:
        """Start the run's clock; calls may be held from now on."""
        self._share = share
        quiet_process()
        self._engine.forget()
        self._pauses.start()
        self._batch.start_ns = now_ns() - share.origin_ns

    def listen(
        self, listener: Callable[[Sequence[TurnRecord], SessionRecord | None], None]
    ) -> None:
        """Tell `listener` of turns as they end, and of sessions."""
        self._listeners.append(listener)

    @property
    def exhausted(self) -> bool:
        """Whether every call of this process's share has begun."""
        calls = self._options.calls
        return self._stopping or (calls is not None and self._next_number() >= calls)

    def hold_next(self) -> bool:
        """Hold the next call and return when it has ended; `False` if there is none left."""
        if self.exhausted:
            return False
        plan = self._schedule.call(self._next_number())
        self._next += 1
        assert self._manner is not None
        lines = [self._lines[name] for name in plan.utterance_ids]
        session = Session(
            plan,
            lines,
            manner=self._manner,
            origin_ns=self._share.origin_ns,
            scheduled_ns=now_ns(),
        )
        ended = self._waiting[session.id] = gevent.event.AsyncResult()
        self.active += 1
        try:
            self._engine.hold(session, self._routed(session.id, plan.network))
            ended.get()
        finally:
            self._waiting.pop(session.id, None)
        return True

    def pump(self) -> None:
        """Hear what the engine has to tell; call it some twenty times a second."""
        for outcome in self._engine.take_outcomes():
            self._batch.turns.extend(outcome.turns)
            if outcome.session is not None:
                self._end(outcome.session)
            for listener in self._listeners:
                listener(outcome.turns, outcome.session)
        if self._network is not None and not self._network_lost and not self._network.alive():
            self._network_lost = True
            self._note(RunEventKind.TOXIPROXY_LOST, "Toxiproxy ended during the run")
            self._engine.abandon()

    def take_batch(self) -> Batch:
        """Return everything recorded since the last time."""
        batch, self._batch = self._batch, Batch()
        batch.histograms = {**self._engine.take_histograms(), "gc_pause": self._pauses.take()}
        if (stepped_ms := self._clock.step_ms()) is not None:
            self._note(RunEventKind.CLOCK_STEP, f"wall time stepped by {stepped_ms:.0f} ms")
        batch.end_ns = self._batch.start_ns = now_ns() - self._share.origin_ns
        return batch

    def drain(self) -> None:
        """Begin no more calls; let open turns end, and cut off what takes too long."""
        self._stopping = True
        self._engine.wind_up()
        self._pump_until_idle(self._options.drain_s)
        self._engine.abandon()
        self._pump_until_idle(_CLOSE_LIMIT_S)

    def hurry(self) -> None:
        """Cut off open calls now instead of letting their turns end."""
        self._hurried = True
        self._engine.abandon()

    def stop(self) -> None:
        """End the engine and the network; idempotent."""
        self._stopping = True
        self._pauses.stop()
        self._engine.stop()
        self.pump_last()
        if self._network is not None:
            account = self._network.account()
            if account.planned:
                lag = (
                    "" if account.lag_p99_ms is None else f", P99 {account.lag_p99_ms:.1f} ms late"
                )
                words = f"stalls: {account.done} of {account.planned} changes carried out{lag}"
                self._note(RunEventKind.NETWORK, words)
            self._network.stop()
            self._network = None

    def pump_last(self) -> None:
        """Hear what the engine told before it stopped."""
        network, self._network = self._network, None
        self.pump()
        self._network = network

    def _next_number(self) -> int:
        return self._share.slot + self._share.slots * self._next

    def _pump_until_idle(self, limit_s: float) -> None:
        give_up_ns = now_ns() + round(limit_s * NS_PER_S)
        hurried = self._hurried
        while self.active and now_ns() < give_up_ns and self._hurried == hurried:
            self.pump()
            gevent.sleep(_POLL_S)
        self.pump()

    def _end(self, session: SessionRecord) -> None:
        self.active -= 1
        self._batch.sessions.append(session)
        if self._network is not None and session.network != DIRECT and not self._network_lost:
            gevent.spawn(self._network.release, session.session_id)
        waiter = self._waiting.get(session.session_id)
        if waiter is not None:
            waiter.set(session)

    def _routed(self, session_id: str, network: str) -> Route:
        if network == DIRECT or self._network is None:
            return self._route
        target = self._route.target
        host, port = self._route.via or (target.host, target.port)
        via = self._network.route(session_id, network, host, port)
        impairment = self._network.impairment(session_id)
        return replace(self._route, via=via, impairment=impairment)

    def _note(self, kind: RunEventKind, detail: str) -> None:
        at_ns = now_ns() - self._share.origin_ns
        self._batch.events.append(RunEvent(kind=kind, at_ns=at_ns, detail=detail))
