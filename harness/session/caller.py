"""The caller's side of one session: what to send now, and what to make of what came.

Driven from outside by two calls. `tick` is called when `due_ns` is reached and returns the frame
to send; `receive` is called with every event. Everything else, from think time to giving up,
is decided on those two occasions, so a session needs no timer of its own. What is to be known
outside lies in `take_turns` and `take_requests`, and `has_news` says whether anything does.

Most frames are known long before they are due: the rest of what is being said, and silence as long
as nothing can happen. They lie in `ahead`, for whoever sends to take without a tick.
"""

from collections.abc import Sequence

from harness.errors import Fault, Party, Phase
from harness.model import (
    NS_PER_MS,
    PROVES_SESSION,
    AudioDelta,
    AudioFormat,
    CallPlan,
    Event,
    ProviderError,
    Request,
    SessionConfigured,
    SessionCreated,
    SessionRecord,
    TurnKind,
    TurnRecord,
    TurnStatus,
)
from harness.session.behaviour import Behaviour
from harness.session.conversation import Conversation
from harness.session.encoded_utterance import EncodedUtterance, WireFormat, hesitant
from harness.session.greeting import Greeting
from harness.session.link import Link
from harness.session.pacing import BACKLOG_NS, Pacing
from harness.session.turn.planned_speech import PlannedSpeech, since


class Caller:
    """One call.

    Args:
        plan: What the caller is going to do.
        utterances: What is said, one per turn of the plan.
        wire_format: How it goes on the wire.
        origin_ns: Run start; records count from it.
        scheduled_ns: When the call should have started.
        backchannel: What the caller gives as backchannel where the plan says so.

    Attributes:
        pacing: When its frames are due, and those that are known ahead.
        finished: Nothing more is to be said.
        has_news: `take_turns` or `take_requests` has something to give.
    """

    def __init__(
        self,
        plan: CallPlan,
        utterances: Sequence[EncodedUtterance],
        *,
        wire_format: WireFormat,
        origin_ns: int,
        scheduled_ns: int,
        backchannel: EncodedUtterance | None = None,
    ) -> None:
        self.id = f"call-{plan.number:06d}"
        self.finished = self.has_news = self._configured = False
        self._plan, self._utterances = plan, utterances
        self._wire, self._backchannel = wire_format, backchannel
        self._origin_ns, self._scheduled_ns = origin_ns, scheduled_ns
        self.link = Link(seed=plan.number)
        self._acknowledged = ""
        self._named_model = self._settings_refused = ""
        self.differs, self.unreadable_messages = tuple[str, ...](), 0
        self.old_names: set[str] = set()
        self.pacing = Pacing(wire_format.frame_samples, wire_format.rate_hz)
        self._conversation = Conversation(
            origin_ns=origin_ns,
            audio=AudioFormat(rate_hz=wire_format.rate_hz),
            answers_tools=any(behaviour.expected_tool for behaviour in plan.behaviours),
        )
        self._utterance: EncodedUtterance | None = None
        self._utterance_frame = self._end_frame = 0
        self._next = 0
        self._speak_from_ns = self._silent_until_ns = self._greeting_from_ns = 0
        self._winding_up = False
        self._turns_done = 0
        self._last_error: ProviderError | None = None

    @property
    def due_ns(self) -> int | None:
        """When the next frame is to be sent, `None` while there is no session.

        As of the last tick or event: each frame taken from `ahead` since moves it by one.
        """
        return self.pacing.due_ns

    @property
    def ready(self) -> bool:
        """Whether a session exists now."""
        return self.link.up

    def receive(self, event: Event, now_ns: int) -> None:
        """Take one event that arrived at `now_ns`."""
        conversation = self._conversation
        if isinstance(event, AudioDelta) and conversation.hear_more(event, now_ns):
            return
        self._count_sent()
        if self._utterance is None:
            self._look_again()
        if isinstance(event, SessionCreated | SessionConfigured):
            named = event.provider_session_id
            conversation.provider_session_id = named or conversation.provider_session_id
            self._named_model = event.model or self._named_model
        if not self.link.up and isinstance(event, PROVES_SESSION):
            self.link.created(now_ns)
            self._start_grid(now_ns)
        match event:
            case SessionConfigured():
                self._configured, self._acknowledged = True, event.acknowledged
                self._settings_refused = ""
                conversation.acknowledge(event)
            case ProviderError():
                self._last_error = event
                if not self._configured and not conversation.was_heard:
                    self._settings_refused = f"{event.code}: {event.detail}".removeprefix(": ")
        conversation.receive(event, now_ns)
        if conversation.requests or conversation.records:
            self.has_news = True

    def tick(self, now_ns: int) -> tuple[bytes, int]:
        """Return the message to send now and how late that is.

        `now_ns` is not before `due_ns`. Frames that may follow without a tick are in `ahead`.
        """
        self._count_sent()
        lateness_ns = self.pacing.take_up(now_ns)
        if lateness_ns > BACKLOG_NS:
            self._conversation.held_up(lateness_ns)
        if self._utterance is not None:
            message = self._speak(now_ns, lateness_ns)
        elif now_ns - lateness_ns < self._silent_until_ns:
            message = self._wire.silence
        else:
            message = self._act(now_ns, lateness_ns)
        self._look_ahead(self.pacing.sent(1))
        return message, lateness_ns

    def wind_up(self) -> None:
        """Begin no further turn; the session is finished when the current one has ended."""
        self._winding_up = True
        self._count_sent()
        if self._utterance is None:
            self._look_again()
        if self._conversation.greets:
            stopped = _run_ended(Phase.RESPONSE)
            self._conversation.end_greeting(self._greeting_from_ns, stopped)
        if self._conversation.turn is None:
            self.finished = True

    def lost(self, now_ns: int, fault: Fault) -> float | None:
        """Take the loss of the connection, and say when to try again.

        Args:
            now_ns: When it was lost.
            fault: Why. The turn that was open is closed with it; further turns are still to come.

        Returns:
            Seconds to wait before opening again; `None` when the session is better given up, and
            `closed` is to be called.
        """
        self._count_sent()
        self._look_again()
        if self.finished or self.link.ready_ns is None or self._winding_up or not self._has_more:
            return None
        wait_s = self.link.backoff_s()
        if wait_s is None:
            return None
        self.link.lost(now_ns)
        if self._conversation.turn is not None:
            self._close_turn(now_ns, fault)
        self.pacing.end()
        return None if self.finished else wait_s

    def closed(self, now_ns: int, fault: Fault | None, close_code: int | None) -> SessionRecord:
        """End the session and write it down.

        Args:
            now_ns: When the connection was gone.
            fault: Why, `None` when the caller hung up.
            close_code: The WebSocket close code, if there was one.

        Returns:
            The session's record. Among `take_turns` are then a turn that was cut off or that was
            about to begin when the session broke, and those of the plan that never came.
        """
        self._count_sent()
        self._look_again()
        early, link = not self.finished, self.link
        if early and fault is None:
            fault = _run_ended(self.phase())
        if early and fault is not None and self._last_error is not None and not fault.detail:
            words = f"{self._last_error.code}: {self._last_error.detail}"
            fault = Fault(fault.party, fault.phase, fault.code, words)
        if self._conversation.turn is not None:
            self._close_turn(now_ns, fault)
        elif early and fault is not None and fault.party is not Party.OURS and self._has_more:
            # The session owed the turn that was about to begin.
            self._not_begun(TurnStatus.CLOSED, fault)
        while self._has_more:
            self._not_begun(TurnStatus.DROPPED, fault or _run_ended(Phase.SEND))
        self.finished = True
        greeting = self._conversation.greeting or Greeting()
        turns_done = self._turns_done + len(self._conversation.records)
        return SessionRecord(
            session_id=self.id,
            call_number=self._plan.number,
            network=self._plan.network,
            turns_planned=len(self._utterances),
            turns_done=turns_done,
            scheduled_start_ns=self._since(self._scheduled_ns),
            open_start_ns=self._since(link.open_start_ns),
            reached_ns=self._since(link.reached_ns),
            secured_ns=self._since(link.secured_ns),
            connected_ns=self._since(link.upgraded_ns),
            ready_ns=self._since(link.ready_ns),
            reconnects=link.reconnects,
            outage_ns=link.outage_ns,
            round_trips_ns=tuple(link.round_trips_ns),
            closed_ns=self._since(now_ns),
            frames_intended=self.pacing.frames + self.pacing.slipped,
            frames_sent=self.pacing.frames,
            send_lateness_max_ns=self.pacing.late_max_ns,
            provider_session_id=self._conversation.provider_session_id,
            model=self._named_model,
            acknowledged=self._acknowledged,
            differs=self.differs,
            settings_refused=self._settings_refused,
            unreadable_messages=self.unreadable_messages,
            old_names=tuple(sorted(self.old_names)),
            close_code=close_code,
            greeting_audible_ns=greeting.audible_ns,
            greeting_end_ns=greeting.end_ns,
            greeting_fault=greeting.fault,
            fault=fault if early else None,
        )

    @property
    def frames(self) -> tuple[int, int]:
        """Frames sent so far, and frame slots that passed unused because the caller was late."""
        return self.pacing.frames + self.pacing.ahead.pending(), self.pacing.slipped

    def take_turns(self) -> list[TurnRecord]:
        """Return the turns that have ended since the last call."""
        conversation = self._conversation
        records, conversation.records = conversation.records, []
        self._turns_done += len(records)
        self.has_news = bool(conversation.requests)
        return records

    def take_requests(self) -> list[Request]:
        """Return what is to be said besides audio, at once and in this order."""
        conversation = self._conversation
        requests, conversation.requests = conversation.requests, []
        self.has_news = bool(conversation.records)
        return requests

    def _look_ahead(self, due_ns: int) -> None:
        """Plan the frames from the one due at `due_ns` up to the next that takes a thought."""
        utterance = self._utterance
        if utterance is None:
            silent = -(-(self._silent_until_ns - due_ns) // self.pacing.frame_ns)
            self.pacing.ahead.repeat(self._wire.silence, max(0, silent))
            return
        # Of two frames of an utterance more is to be noted: the one that ends speech, and the last.
        first, last = self._utterance_frame, len(utterance.messages) - 1
        until = self._end_frame if first <= self._end_frame else last
        self.pacing.ahead.queue(utterance.messages[first:until])

    def _look_again(self) -> None:
        """Plan nothing any more: what comes next depends on what has just happened."""
        self._silent_until_ns = 0
        self.pacing.ahead.drop()

    def _count_sent(self) -> None:
        """Count the frames that were taken from `ahead`."""
        frames, late_ns = self.pacing.count()
        turn = self._conversation.turn
        if frames and self._utterance is not None and turn is not None:
            self._utterance_frame += frames
            samples = frames * self._wire.frame_samples
            turn.sending.note(self.pacing.ahead.sent_ns, late_ns, frames=frames, samples=samples)

    def _start_grid(self, now_ns: int) -> None:
        self.pacing.begin(now_ns + self._plan.phase_ns)
        turn = min(self._next, len(self._utterances) - 1)
        self._speak_from_ns = now_ns + round(self._plan.think_ms[turn] * NS_PER_MS)
        if self._plan.agent_speaks_first and self._has_more:
            self._greeting_from_ns = now_ns
            silence = PlannedSpeech(
                session_id=self.id,
                turn_index=self._next,
                network=self._plan.network,
                utterance_id="",
                onset_ns=now_ns,
                end_ns=now_ns,
                end_sample=0,
                end_due_ns=now_ns,
                limit_ns=self._wire.limit_ns,
            )
            self._conversation.await_greeting(silence, now_ns)

    def _act(self, now_ns: int, lateness_ns: int) -> bytes:
        """Do what is due while nothing is being said, and look when to look again."""
        conversation, frame_ns = self._conversation, self.pacing.frame_ns
        # The frame that is due now began a frame ago, and carries what was spoken since then.
        frame_start_ns = now_ns - lateness_ns - frame_ns
        if conversation.turn is not None:
            conversation.answer_tools(now_ns)
            if conversation.ended(now_ns):
                self._close_turn(now_ns, None)
        speaks_from_ns = self._speaks_from_ns()
        if speaks_from_ns is not None and frame_start_ns >= speaks_from_ns:
            self._begin_turn(now_ns)
            return self._speak(now_ns, lateness_ns)
        backchannel = conversation.backchannel_frame(frame_start_ns)
        self.has_news = bool(conversation.requests or conversation.records)
        if conversation.turn is not None:
            self._silent_until_ns = conversation.changes_ns(frame_ns)
        elif speaks_from_ns is not None:
            self._silent_until_ns = speaks_from_ns + frame_ns
        return self._wire.silence if backchannel is None else backchannel

    def _speaks_from_ns(self) -> int | None:
        """Return when the next utterance begins, `None` when that is not known or never."""
        if self.finished or self._winding_up or not self._has_more:
            return None
        if self._conversation.turn is None:
            return self._speak_from_ns
        return self._conversation.cuts_in_ns()

    def _begin_turn(self, now_ns: int) -> None:
        turn, wire, plan = self._next, self._wire, self._plan
        utterance, acted = self._utterances[turn], None
        if plan.behaviours:
            planned = plan.behaviours[turn]
            if planned.hesitation_ms:
                utterance = hesitant(utterance, wire, planned.hesitation_ms, planned.hesitation_at)
            after = self._utterances[turn + 1] if turn + 1 < len(self._utterances) else None
            acted = Behaviour(planned, self._backchannel, after, wire)
        condition, original_id = plan.condition(turn)
        frame, grid = self.pacing.position()
        first = frame * wire.frame_samples
        end_frame = utterance.end_sample // wire.frame_samples
        spoken = PlannedSpeech(
            session_id=self.id,
            turn_index=turn,
            network=plan.network,
            utterance_id=utterance.utterance_id,
            condition=condition,
            original_id=original_id,
            onset_ns=grid.sample_ns(first + utterance.onset_sample),
            end_ns=grid.sample_ns(first + utterance.end_sample),
            end_sample=first + utterance.end_sample,
            end_due_ns=grid.due_ns(frame + end_frame),
            limit_ns=wire.limit_ns,
        )
        self._conversation.begin(spoken, self._session_instants(), acted, now_ns)
        self._utterance, self._utterance_frame, self._end_frame = utterance, 0, end_frame
        self._next += 1

    def _speak(self, now_ns: int, lateness_ns: int) -> bytes:
        utterance, turn, frame = self._utterance, self._conversation.turn, self._utterance_frame
        assert utterance is not None
        assert turn is not None
        turn.sending.note(
            now_ns,
            lateness_ns,
            frames=1,
            samples=self._wire.frame_samples,
            ends_speech=frame == self._end_frame,
        )
        self._utterance_frame = frame + 1
        if self._utterance_frame == len(utterance.messages):
            self._utterance, self._silent_until_ns = None, 0
        return utterance.messages[frame]

    def _close_turn(self, now_ns: int, fault: Fault | None) -> None:
        turn = self._conversation.turn
        assert turn is not None
        if self._conversation.greets:
            self._conversation.end_greeting(now_ns, fault)
        else:
            self._conversation.close(now_ns, fault)
            self.has_news, self._utterance = True, None
        if not self._has_more or self._winding_up:
            self.finished = True
            return
        after_ns = max(now_ns, turn.playout_end_ns or now_ns)
        self._speak_from_ns = after_ns + round(self._plan.think_ms[self._next] * NS_PER_MS)

    def _not_begun(self, status: TurnStatus, fault: Fault) -> None:
        """Write down the next turn of the plan, which never began."""
        index, self._next = self._next, self._next + 1
        self.has_news = True
        condition, original_id = self._plan.condition(index)
        record = TurnRecord(
            session_id=self.id,
            turn_index=index,
            kind=TurnKind.FIRST if index == 0 else TurnKind.LATER,
            status=status,
            network=self._plan.network,
            utterance_id=self._utterances[index].utterance_id,
            condition=condition,
            original_id=original_id,
            limit_ms=self._wire.limit_ns / NS_PER_MS,
            at=since(self._session_instants(), self._origin_ns),
            fault=fault,
        )
        self._conversation.records.append(record)

    @property
    def _has_more(self) -> bool:
        """Whether turns of the plan have not begun."""
        return self._next < len(self._utterances)

    def _session_instants(self) -> dict[str, int | None]:
        return {
            "scheduled_start_ns": self._scheduled_ns,
            "session_open_start_ns": self.link.open_start_ns,
            "session_ready_ns": self.link.ready_ns,
        }

    def phase(self) -> Phase:
        """Return what the session is doing, for whoever has to say where it broke."""
        if self.link.upgraded_ns is None:
            return Phase.CONNECT
        if not self.link.up:
            return Phase.SETUP
        turn = self._conversation.turn
        return Phase.SEND if turn is None else turn.phase()

    def _since(self, instant_ns: int | None) -> int | None:
        return None if instant_ns is None else instant_ns - self._origin_ns


def _run_ended(phase: Phase) -> Fault:
    return Fault(Party.OURS, phase, "stopped", "the run ended")
