"""The caller's side of one session: what to send now, and what the events received mean.

Driven from outside by two calls. `tick` is called when `due_ns` is reached and returns the frame
to send; `receive` is called with every event. Everything else, from think time to giving up,
is decided on those two occasions, so a session needs no timer of its own. Results are in
`take_turns` and `take_requests`, and `has_news` says whether there are any.

Most frames are known long before they are due: the rest of the utterance, and silence as long as
nothing can happen. They are in `ahead`, where the sender takes them without a tick.
"""

from collections.abc import Sequence

from harness.errors import Fault, Party, Phase, sanitised
from harness.model import (
    NS_PER_MS,
    PROVES_SESSION,
    AudioDelta,
    CallEnded,
    CallPlan,
    CancelResponse,
    CommitTurn,
    Event,
    Request,
    RequestResponse,
    SessionRecord,
    StampBound,
    ToolEnd,
    TurnRecord,
    TurnStatus,
)
from harness.session.acknowledgement import Acknowledgement, stated_formats, words_of
from harness.session.conversation import Conversation
from harness.session.encoded_utterance import EncodedUtterance, WireFormat
from harness.session.greeting import Greeting
from harness.session.hanging_up import ended_by_agent, hung_up_after
from harness.session.link import Link, run_ended
from harness.session.pacing import BACKLOG_NS, Pacing
from harness.session.planned_turns import PlannedTurns, Saying
from harness.session.speaking import Speaking
from harness.session.tool_responder import Mocks, ToolResponder
from harness.session.turn.network_lateness import NetworkLateness
from harness.session.turn.planned_speech import since

# So far ahead frames of silence are known while nobody has said what comes next.
_UNTOLD_NS = 1_000 * NS_PER_MS


class Caller:
    """One call.

    Args:
        plan: What the caller is going to do.
        utterances: What is said, one per turn of the plan.
        wire_format: How it goes on the wire.
        origin_ns: Run start; records count from it.
        scheduled_ns: When the call should have started.
        planned: Whether the start was planned before the run, independently of other calls.
        backchannel: What the caller gives as backchannel where the plan says so.
        lateness: Returns how far the network was from its plan; `None` where it is not to change.
        commits: The caller's client says when the caller has finished, or interrupts: the server
            does not detect it.
        mocks: How the caller's application answers the tools that have a mock.

    Attributes:
        pacing: When its frames are due, and those that are ready ahead of time.
        conversation: Its turns.
        tools: The caller's application, `None` where it answers no tool calls.
        finished: The caller has nothing more to say.
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
        planned: bool = False,
        backchannel: EncodedUtterance | None = None,
        lateness: NetworkLateness | None = None,
        commits: bool = False,
        mocks: Mocks | None = None,
    ) -> None:
        self.id = f"call-{plan.number:06d}"
        self.finished = self.has_news = self._winding_up = False
        self._plan, self._silence, self._commits = plan, wire_format.silence, commits
        self._turns = PlannedTurns(self.id, plan, utterances, wire_format, backchannel)
        self._origin_ns, self._scheduled_ns, self._planned = origin_ns, scheduled_ns, planned
        self.link = Link(seed=plan.number)
        self._acknowledgement = Acknowledgement()
        self._expects_acknowledgement = wire_format.acknowledges_settings
        self.differs, self.old_names = tuple[str, ...](), frozenset[str]()
        self.unreadable_messages = self._turns_done = 0
        self.pacing = Pacing(wire_format.frame_samples, wire_format.rate_hz)
        expects = plan.answers_tools or any(turn.expected_tool for turn in plan.behaviours)
        self.tools = ToolResponder(mocks) if expects else None
        self.conversation = Conversation(
            origin_ns=origin_ns,
            wire_format=wire_format,
            tools=self.tools,
            lateness=lateness,
            keeps_words=plan.open_ended,
        )
        self._speaking = Speaking(wire_format.frame_samples)
        self._speak_from_ns = self._silent_until_ns = 0
        self._greeting_from_ns = self._thinks_from_ns = 0
        self._hung_up: Fault | None = None

    @property
    def due_ns(self) -> int | None:
        """When the next frame is to be sent, `None` while there is no session.

        Each frame taken from `ahead` since the last tick or event moves it by one.
        """
        return self.pacing.due_ns

    @property
    def ready(self) -> bool:
        """Whether a session exists now."""
        return self.link.up

    def receive(self, event: Event, now_ns: int, bound: StampBound | None = None) -> None:
        """Take one event that arrived at `now_ns`, or earlier by no more than `bound` if known."""
        conversation = self.conversation
        audible: bool | None = None
        if isinstance(event, AudioDelta):
            audible = conversation.hear_more(event, now_ns, bound)
            if audible is False:
                return
        self._reconsider()
        if audible:
            return
        sent = self.link.up and not conversation.was_heard
        self._acknowledgement.note(event, just_configured=sent)
        conversation.provider_session_id = self._acknowledgement.provider_session_id
        if not self.link.up and isinstance(event, PROVES_SESSION):
            self.link.created(now_ns)
            self._start_grid(now_ns)
        if (stated := stated_formats(event)) is not None:
            conversation.acknowledge(stated)
        conversation.receive(event, now_ns, bound)
        if isinstance(event, CallEnded):
            self._end_call(event, now_ns)
        self._look_for_news()

    def tick(self, now_ns: int) -> tuple[bytes, int]:
        """Return the message to send now and how late that is.

        `now_ns` is not before `due_ns`. Frames that may follow without a tick are in `ahead`.
        """
        self._count_sent()
        lateness_ns = self.pacing.take_up(now_ns)
        if lateness_ns > BACKLOG_NS:
            self.conversation.held_up(lateness_ns)
        if self._speaking.utterance is not None:
            message = self._speak(now_ns, lateness_ns)
        elif now_ns - lateness_ns < self._silent_until_ns:
            message = self._silence
        else:
            message = self._act(now_ns, lateness_ns)
        if self.conversation.turn is not None:
            self.conversation.turn.sent(lateness_ns)
        self._look_ahead(self.pacing.sent(1))
        return message, lateness_ns

    def left(self, late_ns: int) -> None:
        """Note how late the frame of the last `tick` was once it had left: we may lose the core."""
        if self.conversation.turn is not None:
            self.conversation.turn.sent(late_ns)

    def say(self, saying: Saying) -> None:
        """Say one more thing: after its pause, or into the response that is to be interrupted."""
        if self.finished:
            return
        self._count_sent()
        is_next = not self._turns.has_more
        self._turns.add(saying)
        if is_next:
            self.conversation.interrupt_with(saying.utterance)
            self._speak_from_ns = self._thinks_from_ns + self._turns.think_ns
        self._reconsider()

    def say_no_more(self) -> None:
        """Take no more utterances; the session is finished when the last response was heard."""
        self._turns.end()
        if self._turns.has_more:
            return
        self.conversation.hear_out()
        if self.conversation.turn is None or self.conversation.greets:
            self.finished = True

    def tool_worked_out(self, call_id: str, output: str, end: ToolEnd) -> None:
        """Take a result that the scenario's code has said."""
        if self.tools is not None:
            self.tools.worked_out(call_id, output, end)
            self._reconsider()

    def wind_up(self) -> None:
        """Begin no further turn; the session is finished when the current turn has ended."""
        self._winding_up = True
        self._reconsider()
        if self.conversation.greets:
            self.conversation.end_greeting(self._greeting_from_ns, run_ended(Phase.RESPONSE))
        if self.conversation.turn is None:
            self.finished = True

    def lost(self, now_ns: int, fault: Fault) -> float | None:
        """Take the loss of the connection, and say when to try again.

        Args:
            now_ns: When it was lost.
            fault: Why. The turn that was open is closed with it.

        Returns:
            Seconds to wait before opening again; `None` for a session that is to be `closed`.
        """
        self._count_sent()
        self._look_again()
        ends = self.finished or self._winding_up or self._turns.is_complete
        if ends or self.link.ready_ns is None:
            return None
        wait_s = self.link.backoff_s()
        if wait_s is None:
            return None
        self.link.lost(now_ns)
        if self.conversation.turn is not None:
            self._close_turn(now_ns, fault)
        self.pacing.end()
        return None if self.finished else wait_s

    def closed(self, now_ns: int, fault: Fault | None, close_code: int | None) -> SessionRecord:
        """End the session and record it.

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
        turn = self.conversation.turn
        if turn is not None and self._hung_up:
            # What the agent had said before it ended the call plays on without its connection.
            self._close_turn(max(now_ns, turn.playout_end_ns or now_ns), None)
        early, link = not self.finished, self.link
        if early and fault is None:
            fault = run_ended(self.phase())
        error = self._acknowledgement.last_error
        if early and fault is not None and error is not None and not fault.detail:
            fault = Fault(fault.party, fault.phase, fault.code, words_of(error))
        if self.conversation.turn is not None:
            self._close_turn(now_ns, fault)
        elif early and fault is not None and fault.party is not Party.OURS and self._turns.has_more:
            # The session failed the turn that was about to begin.
            self._not_begun(TurnStatus.CLOSED, fault)
        while self._turns.has_more:
            self._not_begun(TurnStatus.DROPPED, self._hung_up or fault or run_ended(Phase.SEND))
        self.finished = True
        return SessionRecord(
            session_id=self.id,
            call_number=self._plan.number,
            network=self._plan.network,
            user_class=self._plan.user_class,
            turns_planned=len(self._turns),
            turns_done=self._turns_done + len(self.conversation.records),
            scheduled_start_ns=self._since(self._scheduled_ns),
            planned_start_ns=self._since(self._scheduled_ns) if self._planned else None,
            **link.recorded(self._origin_ns),
            usage=self.conversation.tokens.told,
            responses_untold=self.conversation.tokens.untold,
            closed_ns=self._since(now_ns),
            **self.pacing.recorded(),
            provider_session_id=sanitised(self.conversation.provider_session_id),
            **self._acknowledgement.recorded(
                expected=link.ready_ns is not None and self._expects_acknowledgement
            ),
            differs=self.differs,
            unreadable_messages=self.unreadable_messages,
            old_names=tuple(sorted(self.old_names)),
            close_code=close_code,
            checks=tuple(self.conversation.checks),
            caller_words=self.conversation.understood.told(),
            **(self.conversation.greeting or Greeting()).recorded(),
            fault=fault if early else None,
        )

    def take_turns(self) -> list[TurnRecord]:
        """Return the turns that have ended since the last call."""
        conversation = self.conversation
        records, conversation.records = conversation.records, []
        self._turns_done += len(records)
        self._look_for_news()
        explain, unread = self._acknowledgement.explained, self.unreadable_messages
        return [explain(record, unread, commits=self._commits) for record in records]

    def take_requests(self) -> list[Request]:
        """Return what is to be sent besides audio, at once and in this order."""
        conversation = self.conversation
        requests, conversation.requests = conversation.requests, []
        self._look_for_news()
        return requests

    def _look_ahead(self, due_ns: int) -> None:
        """Plan the frames from the one due at `due_ns` up to the next that takes a decision."""
        if self._speaking.utterance is not None:
            self.pacing.ahead.queue(self._speaking.ready())
            return
        silent = -(-(self._silent_until_ns - due_ns) // self.pacing.frame_ns)
        self.pacing.ahead.repeat(self._silence, max(0, silent))

    def _look_again(self) -> None:
        """Discard the planned frames: what comes next depends on the latest event."""
        self._silent_until_ns = 0
        self.pacing.ahead.drop()

    def _look_for_news(self) -> None:
        conversation, tools = self.conversation, self.tools
        asked = tools is not None and tools.to_work_out
        self.has_news = bool(conversation.requests or conversation.records or asked)

    def _reconsider(self) -> None:
        """Decide again what comes next, unless the caller is speaking."""
        self._count_sent()
        if self._speaking.utterance is None:
            self._look_again()

    def _count_sent(self) -> None:
        """Count the frames that were taken from `ahead`."""
        frames, late_ns = self.pacing.count()
        turn = self.conversation.turn
        if not frames or turn is None:
            return
        if self._speaking.utterance is not None:
            self._speaking.sent(self.pacing.ahead.sent_ns, late_ns, frames, turn.sending)
        turn.sent(late_ns)

    def _start_grid(self, now_ns: int) -> None:
        self.pacing.begin(now_ns + self._plan.phase_ns)
        self._thinks_from_ns = now_ns
        self._speak_from_ns = now_ns + self._turns.think_ns
        if self._plan.agent_speaks_first and not self._turns.is_complete:
            self._greeting_from_ns = now_ns
            self.conversation.await_greeting(self._turns.silence(now_ns), now_ns)

    def _act(self, now_ns: int, lateness_ns: int) -> bytes:
        """Do what is due while the caller is silent, and determine when to check again."""
        conversation, frame_ns = self.conversation, self.pacing.frame_ns
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
        self._look_for_news()
        if conversation.turn is not None:
            self._silent_until_ns = conversation.changes_ns(frame_ns)
        elif speaks_from_ns is not None:
            self._silent_until_ns = speaks_from_ns + frame_ns
        elif not self._turns.is_complete:
            self._silent_until_ns = now_ns + _UNTOLD_NS
        return self._silence if backchannel is None else backchannel

    def _speaks_from_ns(self) -> int | None:
        """Return when the next utterance begins, `None` when that is not known or never."""
        if self.finished or self._winding_up or not self._turns.has_more:
            return None
        if self.conversation.turn is None:
            return self._speak_from_ns
        return self.conversation.cuts_in_ns()

    def _begin_turn(self, now_ns: int) -> None:
        self.link.used()
        interrupts = self.conversation.turn is not None
        if self._commits and interrupts:
            self.conversation.requests.append(CancelResponse())
            self.has_news = True
        thinks_from_ns = None if interrupts else self._thinks_from_ns
        begun = self._turns.begin(*self.pacing.position(), thinks_from_ns)
        before = self.link.instants(self._scheduled_ns)
        self.conversation.begin(begun.spoken, before, begun.behaviour, now_ns)
        self._speaking.begin(begun.utterance)

    def _speak(self, now_ns: int, lateness_ns: int) -> bytes:
        turn = self.conversation.turn
        assert turn is not None
        speech_was_over = turn.sending.end_ns is not None
        if self._speaking.key:
            self.has_news = self.conversation.press(self._speaking.key)
        message = self._speaking.say(now_ns, lateness_ns, turn.sending)
        if self._commits and not speech_was_over and turn.sending.end_ns is not None:
            turn.committed(now_ns)
            self.conversation.requests += [CommitTurn(turn.spoken.words), RequestResponse()]
            self.has_news = True
        if self._speaking.utterance is None:
            self._silent_until_ns = 0
        return message

    def _close_turn(self, now_ns: int, fault: Fault | None) -> None:
        turn = self.conversation.turn
        assert turn is not None
        if self.conversation.greets:
            self.conversation.end_greeting(now_ns, fault)
        else:
            record = self.conversation.close(now_ns, fault)
            self._speaking.stop()
            self.has_news = True
            if self._plan.hangs_up and fault is None:
                self._hung_up = self._hung_up or hung_up_after(record)
        if self._hung_up or self._turns.is_complete or self._winding_up:
            self.finished = True
            return
        self._thinks_from_ns = max(now_ns, turn.playout_end_ns or now_ns)
        self._speak_from_ns = self._thinks_from_ns + self._turns.think_ns

    def _end_call(self, ended: CallEnded, now_ns: int) -> None:
        """Hang up as the agent did; an answer that is heard is heard out."""
        self._hung_up, turn = ended_by_agent(ended), self.conversation.turn
        self._winding_up = True
        if turn is None:
            self.finished = True
        elif turn.answer_ns is None:
            self._close_turn(now_ns, self._hung_up)
        self._reconsider()

    def _not_begun(self, status: TurnStatus, fault: Fault) -> None:
        """Record the next turn of the plan, which never began."""
        at = since(self.link.instants(self._scheduled_ns), self._origin_ns)
        self.conversation.records.append(self._turns.not_begun(status, fault, at))
        self.has_news = True

    def phase(self) -> Phase:
        """Return what the session is doing, to say where it broke off."""
        turn, opens = self.conversation.turn, self.link.opens
        return opens or (Phase.SEND if turn is None else turn.phase())

    def _since(self, instant_ns: int | None) -> int | None:
        return None if instant_ns is None else instant_ns - self._origin_ns
