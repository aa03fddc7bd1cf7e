"""What one process needs to hold calls: speech ready to send, a network, the audio engine."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import gevent
import gevent.event

from harness.clock import now_ns
from harness.corpus import Corpus
from harness.engine.process_tuning import ClockWatch, GarbagePauses, tune_process
from harness.errors import (
    NO_FREE_CALLER,
    BadInput,
    Fault,
    HarnessError,
    Party,
    Phase,
    RunInvalid,
    sanitised,
)
from harness.load.call_starts import CallStarts
from harness.load.class_schedule import Calls, routes_of
from harness.load.class_voices import ClassVoices
from harness.load.impaired_routes import DirectRoutes, Routes, choose_routes
from harness.load.options import Options
from harness.load.reacting_call import ReactingCall, Sayable
from harness.load.recorder import Recorder
from harness.load.run_setup import audio_engine
from harness.load.said_words import with_said
from harness.load.session_check import Visits, try_sessions
from harness.load.share import Share
from harness.load.tool_functions import ToolFunctions
from harness.load.vendor_accounts import VendorAccounts
from harness.load.worker_roster import dropped_turn
from harness.model import (
    DIRECT,
    NS_PER_S,
    CallPlan,
    Progress,
    RunEvent,
    RunEventKind,
    SessionRecord,
    TurnRecord,
)
from harness.plan import Seeds
from harness.recording import Batch
from harness.session import Caller, EncodedUtterance

Headers = tuple[tuple[str, str], ...]

_POLL_S = 0.05
_CLOSE_LIMIT_S = 5.0


class Workload:
    """Calls of one process. Make it after any fork.

    Args:
        options: What was asked for.
        schedule: Where calls come from.
        corpus: Speech.
        progress: Receives the progress of preparing.

    Attributes:
        active: Calls that are open.
        failure: Why the run cannot go on, `None` while it can.
        visits: What the target said before the run, where this process asked it.
    """

    def __init__(
        self, options: Options, schedule: Calls, corpus: Corpus, progress: Progress
    ) -> None:
        self.active = 0
        self.failure: HarnessError | None = None
        self.visits: Visits = {}
        self._options, self._schedule = options, schedule
        self._progress = progress
        self._sayable = {
            name: Sayable(part.clips, part.pairing, part.pooled_id)
            for name, part in schedule.parts.items()
        }
        self._transcripts = {clip.id: clip.transcript for clip in corpus.clips}
        self._direct = routes_of(schedule)
        self._engine = audio_engine([part.options for part in schedule.parts.values()])
        self._routes: Routes = DirectRoutes(self._direct)
        self._network_lost = self._hurried = False
        self._voices = ClassVoices(schedule, corpus)
        self._recorder = Recorder(options, self._voices.sound_of)
        self._starts, self._origin_ns = CallStarts(options, schedule), now_ns()
        self._reacting: dict[str, ReactingCall] = {}
        self._tools = ToolFunctions(self._engine)
        self._accounts = VendorAccounts(self._engine, self._direct)
        self._waiting: dict[str, gevent.event.AsyncResult] = {}
        self._batch = Batch()
        self._pauses = GarbagePauses()
        self._clock = ClockWatch()
        self._begin_trace: Callable[[str, CallPlan], Headers] = lambda *_: ()
        self._listeners: list[Callable[[Sequence[TurnRecord], SessionRecord | None], None]] = []

    def prepare(self, *, visit_target: bool) -> None:
        """Make everything ready; nothing has been sent to the target but one empty session.

        Raises:
            BadInput: Something that was asked for cannot be had.
        """
        self._engine.start()
        if visit_target:
            hosts = ", ".join(dict.fromkeys(one.target.host for one in self._direct.values()))
            self._progress.step(f"Opening one session at {hosts}")
            self.visits = try_sessions(self._engine, self._options, self._direct)
        self._voices.prepare(self._options.calls, self._progress)
        self._routes = choose_routes(
            self._options, self._direct, self._engine, self._voices.stream, self._progress
        )
        self._batch.events += self._routes.prepare(self._progress)

    def begin(self, share: Share) -> None:
        """Start the run's clock; calls may be held from now on."""
        self._origin_ns = share.origin_ns
        self._starts.begin(share, self._drop_late)
        self._recorder.begin(share.origin_ns)
        tune_process()
        self._engine.prioritise_caller()
        self._routes.begin()
        self._engine.forget()
        self._pauses.start()
        self._batch.start_ns = now_ns() - share.origin_ns

    def arrive(self, after_ns: int) -> None:
        """Let planned calls begin; their starts count from so long after run start."""
        self._starts.arrive(after_ns)

    def listen(
        self, listener: Callable[[Sequence[TurnRecord], SessionRecord | None], None]
    ) -> None:
        """Call `listener` with turns as they end, and with sessions."""
        self._listeners.append(listener)

    def trace(self, begin: Callable[[str, CallPlan], Headers]) -> None:
        """Call `begin` before each call; its session's upgrade carries the headers it returns."""
        self._begin_trace = begin

    @property
    def exhausted(self) -> bool:
        """Whether every call of this process's share has begun."""
        return self._starts.exhausted

    def left_of(self, user_class: str) -> bool:
        """Return whether calls of a user class have not begun and wait for a caller."""
        return self._starts.left_of(user_class)

    def hold_next(self, user_class: str = "") -> bool:
        """Hold a class's next call and return when it has ended; `False` if there is none left."""
        planned = self._starts.next(user_class)
        if planned is None:
            return False
        number, scheduled_ns = planned
        try:
            plan = self._schedule.call(number)
        except HarnessError as error:
            self.fail(error)
            return False
        self.active += 1
        speech = self._voices[plan.user_class].speech
        try:
            utterances = speech.take(plan.recording_ids)
        except BaseException as error:
            self.active -= 1
            if isinstance(error, BadInput):
                self._drop(plan, error)
                return True
            raise
        try:
            self._hold(plan, utterances, scheduled_ns)
        except Exception as error:
            self.active -= 1
            words = f"a call could not be made: {sanitised(repr(error))}"
            self.fail(HarnessError(words, hint="This is our bug; what was recorded stays"))
        finally:
            speech.release(plan.recording_ids)
        return True

    def _hold(
        self, plan: CallPlan, utterances: Sequence[EncodedUtterance], scheduled_ns: int
    ) -> None:
        """Hold a call and return when it has ended."""
        session = self._caller(plan, utterances, scheduled_ns)
        ended = self._waiting[session.id] = gevent.event.AsyncResult()
        try:
            self._open(session, plan)
            ended.get()
        finally:
            self._waiting.pop(session.id, None)

    def _caller(
        self, plan: CallPlan, utterances: Sequence[EncodedUtterance], scheduled_ns: int
    ) -> Caller:
        voice, direct = self._voices[plan.user_class], self._direct[plan.user_class]
        backchannel = voice.backchannel
        if len(utterances) > len(plan.utterance_ids):
            *utterances, backchannel = utterances
        mocks = self._schedule.parts[plan.user_class].mocks(plan.number)
        session = Caller(
            plan,
            utterances,
            backchannel=backchannel,
            wire_format=replace(voice.speech.wire_format, keeper=self._recorder.keeper),
            origin_ns=self._origin_ns,
            scheduled_ns=scheduled_ns,
            planned=self._starts.planned,
            lateness=self._routes.lateness(plan.network),
            commits=direct.dialect.commits(direct.settings),
            mocks=mocks,
        )
        self._tools.add(session, mocks)
        return session

    def _open(self, session: Caller, plan: CallPlan) -> None:
        """Begin a call, or record that no route can be opened for it."""
        try:
            route = self._routes.route(session.id, plan.network, plan.user_class)
        except HarnessError as error:
            self._lose(session, error)
            return
        headers = (*route.headers, *self._begin_trace(session.id, plan))
        self._engine.hold(session, replace(route, headers=headers))

    def begin_reacting(self, user_class: str, most_turns: int | None) -> ReactingCall | None:
        """Begin a class's next call, which its scenario leads; `None` if there is none left."""
        planned = self._starts.next(user_class)
        if planned is None:
            return None
        try:
            plan = self._schedule.call(planned[0])
        except HarnessError as error:
            self.fail(error)
            return None
        session = self._caller(plan, (), planned[1])
        call = self._reacting[session.id] = ReactingCall(
            plan,
            session,
            self._engine,
            self._voices[plan.user_class].speech,
            self._sayable[plan.user_class],
            dialogue=self._schedule.parts[plan.user_class].dialogue,
            seeds=Seeds.from_one(self._options.seed),
            most_turns=most_turns,
        )
        self.active += 1
        self._open(session, plan)
        return call

    def leave(self, call: ReactingCall) -> None:
        """Record a call that its scenario is done with, once it is over."""
        call.leave()
        if call.ended.ready() and call.ended.value is not None:
            self._end(call.ended.value)

    def _drop(self, plan: CallPlan, error: BadInput) -> None:
        """Record a call whose speech is gone; it never starts."""
        self._starts.leave(plan.number)
        self._batch.turns.append(self._dropped(plan, "no_speech", str(error)))
        # Other recordings are probably gone too: do not race through the schedule.
        gevent.sleep(_POLL_S)

    def _drop_late(self, number: int, planned_ns: int) -> None:
        """Record a planned call that no caller was free for."""
        try:
            plan = self._schedule.call(number)
        except HarnessError as error:
            self.fail(error)
            return
        why = "all callers were in calls when this one was to begin"
        turn = self._dropped(plan, NO_FREE_CALLER, why, planned_ns - self._origin_ns)
        self._batch.turns.append(turn)
        for listener in self._listeners:
            listener([turn], None)

    def _dropped(self, plan: CallPlan, code: str, why: str, at_ns: int | None = None) -> TurnRecord:
        return dropped_turn(plan, 0, self._options.limit_s * 1000, code, why, at_ns)

    def pump(self) -> None:
        """Take what the engine has recorded; call it some twenty times a second."""
        try:
            outcomes = self._engine.take_outcomes()
        except RuntimeError as error:
            self._engine_died(error)
            return
        for outcome in outcomes:
            self._batch.turns.extend(outcome.turns)
            if outcome.turns and (call := self._reacting.get(outcome.session_id)):
                call.take(outcome)
            self._tools.run(outcome.session_id, outcome.tool_calls)
            if outcome.session is not None:
                self._end(outcome.session)
            self._recorder.note(outcome.turns)
            self._accounts.note(outcome)
            for listener in self._listeners:
                listener(outcome.turns, outcome.session)
        if not self._network_lost and (why := self._routes.check()):
            self._give_up(why)

    def take_batch(self) -> Batch:
        """Return everything recorded since the last time."""
        batch, self._batch = self._batch, Batch()
        batch.histograms = {**self._engine.take_histograms(), "gc_pause": self._pauses.take()}
        batch.recordings, batch.left_out = self._recorder.take()
        if (stepped_ms := self._clock.step_ms()) is not None:
            self._note(RunEventKind.CLOCK_STEP, f"wall time stepped by {stepped_ms:.0f} ms")
        batch.end_ns = self._batch.start_ns = now_ns() - self._origin_ns
        return batch

    def drain(self) -> None:
        """Begin no more calls; let open turns end, and cut off what takes too long."""
        self._begin_no_more()
        self._engine.wind_up()
        self._pump_until_idle(self._options.drain_s)
        self._engine.abandon()
        self._pump_until_idle(_CLOSE_LIMIT_S)
        self._batch.accounts += self._accounts.collect(lambda: self._hurried)

    def hurry(self) -> None:
        """Cut off open calls now instead of letting their turns end."""
        self._hurried = True
        self._engine.abandon()

    def stop(self) -> None:
        """End the engine and the network; idempotent."""
        self._begin_no_more()
        self._pauses.stop()
        self._routes.detach()
        self._engine.stop()
        self.pump()
        self._recorder.finish()
        for call in tuple(self._reacting.values()):
            self.leave(call)
        routes, self._routes = self._routes, DirectRoutes(self._direct)
        self._batch.events += routes.close(now_ns() - self._origin_ns)

    def _pump_until_idle(self, limit_s: float) -> None:
        give_up_ns = now_ns() + round(limit_s * NS_PER_S)
        hurried = self._hurried
        while self.active and now_ns() < give_up_ns and self._hurried == hurried:
            self.pump()
            gevent.sleep(_POLL_S)
        self.pump()

    def _end(self, session: SessionRecord) -> None:
        self._tools.end(session.session_id)
        call = self._reacting.get(session.session_id)
        if call is not None:
            call.end(session)
            if not call.left:
                # Its scenario may have checks to make.
                return
            session = replace(session, checks=tuple(call.checks))
            del self._reacting[session.session_id]
        self.active -= 1
        session = replace(session, held_back_ns=self._starts.leave(session.call_number))
        self._batch.sessions.append(with_said(session, self._transcripts))
        if session.network != DIRECT and not self._network_lost:
            gevent.spawn(self._routes.release, session.session_id)
        waiter = self._waiting.get(session.session_id)
        if waiter is not None:
            waiter.set(session)

    def _lose(self, session: Caller, error: HarnessError) -> None:
        """Record a call that no route can be opened for; the run cannot go on either."""
        fault = Fault(Party.NETWORK, Phase.CONNECT, "no_way", str(error))
        record = session.closed(now_ns(), fault, None)
        self._batch.turns.extend(session.take_turns())
        self._end(record)
        if not self._network_lost:
            self._give_up(str(error))

    def _engine_died(self, error: RuntimeError) -> None:
        """Release the calls whose engine is gone."""
        self.fail(RunInvalid(str(error), hint="This is our bug; what was recorded stays"))
        self.active = 0
        for waiter in self._waiting.values():
            waiter.set(None)
        for call in self._reacting.values():
            call.end(None)

    def fail(self, error: HarnessError) -> None:
        """Begin no more calls: the run cannot go on."""
        self.failure = self.failure or error
        self._begin_no_more()

    def _begin_no_more(self) -> None:
        self._starts.end()

    def _give_up(self, why: str) -> None:
        """End a run whose network is gone: open calls are cut off, no more are begun."""
        self._note(RunEventKind.TOXIPROXY_LOST, why)
        self._network_lost = True
        self._begin_no_more()
        self._engine.abandon()

    def _note(self, kind: RunEventKind, detail: str) -> None:
        at_ns = now_ns() - self._origin_ns
        self._batch.events.append(RunEvent(kind=kind, at_ns=at_ns, detail=detail))
