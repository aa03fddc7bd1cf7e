"""The turns of a session that are not recorded yet: one, or two while one is interrupted.

Passes every event to the turn it belongs to, carries out the planned behaviour, and records turns
when they are over.
"""

from dataclasses import dataclass

from harness.errors import Fault
from harness.model import (
    AudioDelta,
    AudioFormat,
    BargeIn,
    Check,
    CutOff,
    Encoding,
    Event,
    InputCommitted,
    OfResponse,
    PlaybackCleared,
    PressKey,
    Request,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    SpeechStarted,
    SpeechStopped,
    StampBound,
    ToolCall,
    TurnRecord,
)
from harness.session.behaviour import SPEECH_REPORT_NS, Behaviour
from harness.session.call_sounds import CallSounds
from harness.session.caller_words import UnderstoodWords
from harness.session.encoded_utterance import EncodedUtterance, WireFormat
from harness.session.expectations import checks_of
from harness.session.greeting import Greeting, greeting_of
from harness.session.heard_so_far import HeardSoFar, heard_so_far, reacted_to_ns
from harness.session.interruption import Interruption
from harness.session.playout.encoding_check import EncodingCheck
from harness.session.repeated_ids import RepeatedIds
from harness.session.tokens_outside_turns import TokensOutsideTurns
from harness.session.told_calls import ToldCalls
from harness.session.tool_responder import ToolResponder
from harness.session.turn.machine import Turn
from harness.session.turn.network_lateness import NetworkLateness
from harness.session.turn.planned_speech import Instants, PlannedSpeech
from harness.session.turn.server_habits import ServerHabits
from harness.session.turn.text_turn import TextTurn


@dataclass(frozen=True, slots=True)
class _Open:
    """A turn that is not recorded yet, its behaviour, and what it interrupted."""

    turn: Turn
    behaviour: Behaviour | None
    into: Interruption | None


class Conversation:
    """The open turns of one session; all times are monotonic nanoseconds.

    Args:
        origin_ns: Run start; records count from it.
        wire_format: How the audio of responses is written, and who keeps it.
        tools: The caller's application, which answers tool calls; `None` for one that does not.
        lateness: Returns how far the network was from its plan; `None` where it is not to change.
        keeps_words: Whether what was heard in turns is to be kept until it is taken.

    Attributes:
        turn: The latest turn, `None` between two.
        records: Turns that were recorded and not taken yet.
        heard: What was heard in them, where it is kept.
        requests: What is to be sent besides audio.
        checks, understood: What the script expected, and what was understood of the caller.
        greets: Whether `turn` is the agent's greeting, of which no turn is recorded.
        greeting: Outcome of the first greeting that was waited for.
        audio: How the audio of responses to come is written.
    """

    def __init__(
        self,
        *,
        origin_ns: int,
        wire_format: WireFormat,
        tools: ToolResponder | None,
        lateness: NetworkLateness | None = None,
        keeps_words: bool = False,
    ) -> None:
        self.turn: Turn | None = None
        self.records: list[TurnRecord] = []
        self.heard: list[HeardSoFar] = []
        self.requests: list[Request] = []
        self.checks: list[Check] = []
        self.understood = UnderstoodWords()
        self.provider_session_id = ""
        self.audio, self._new_decoder = wire_format.audio, wire_format.new_decoder
        self._in_text, self._queued = wire_format.in_text, wire_format.queued
        self._sounds = CallSounds(wire_format.keeper)
        self._origin_ns, self._lateness, self._keeps_words = origin_ns, lateness, keeps_words
        self._tools, self._check = tools, EncodingCheck(self.audio)
        self._behaviour: Behaviour | None = None
        self._into: Interruption | None = None
        self._interrupted: _Open | None = None
        # Whether the server reports the end of a turn.
        self._reports_end: bool | None = None
        self._hears = self._owes_answer = False
        self._repeated = RepeatedIds()
        # The agent's greeting, listened to as the response of a turn without an utterance.
        self.greets = False
        self.greeting: Greeting | None = None
        # Responses of earlier turns.
        self._gone = frozenset[str]()
        self._spoke_before = False
        self._calls = ToldCalls()
        self.tokens = TokensOutsideTurns()

    def begin(
        self,
        spoken: PlannedSpeech,
        before: Instants,
        behaviour: Behaviour | None,
        now_ns: int,
    ) -> None:
        """Begin a turn; one that is still open is interrupted by it.

        Args:
            spoken: What the caller says.
            before: Instants of the session that every record repeats.
            behaviour: What the caller does while the response is heard.
            now_ns: When.
        """
        old = self.turn
        gone = self._gone if old is None else self._gone | old.ids.seen
        kind = TextTurn if self._in_text else Turn
        self.turn = kind(
            spoken,
            audio=self.audio,
            new_decoder=self._new_decoder,
            stale=gone,
            before=before,
            habits=ServerHabits(self._reports_end, self._repeated.any_done, self._owes_answer),
            check=self._check,
            keep=self._sounds.begin(spoken),
        )
        if old is None:
            self._calls = ToldCalls()
            if self._tools is not None:
                self._tools.next_turn()
        else:
            interrupted = _Open(old, self._behaviour, self._into)
            self._finalise_interruption(now_ns)
            self._interrupted = interrupted
        self._into = None if old is None else Interruption(old, self.turn, queued=self._queued)
        if self._into is not None and self._in_text:
            self._request(self._into.stop_speaking(now_ns))
        self._behaviour = behaviour

    def await_greeting(self, silence: PlannedSpeech, now_ns: int) -> None:
        """Listen to an agent that speaks first.

        Args:
            silence: What the caller says meanwhile: nothing, from when the session was ready.
            now_ns: When.
        """
        self.begin(silence, {}, None, now_ns)
        self.greets = True

    def end_greeting(self, now_ns: int, fault: Fault | None) -> None:
        """Stop waiting for the greeting; the first one of a call is kept."""
        assert self.turn is not None
        record = self.turn.record(self._origin_ns, fault, now_ns=now_ns)
        self.greeting = self.greeting or greeting_of(record)
        self.tokens.greeted(record)
        self._gone |= self.turn.ids.seen
        self.turn, self.greets = None, False
        if self._tools is not None:
            self._tools.forget()

    def interrupt_with(self, utterance: EncodedUtterance) -> None:
        """Note what is said into the response, where it is to be interrupted."""
        if self._behaviour is not None:
            self._behaviour.interrupt_with(utterance)

    def hear_out(self) -> None:
        """Interrupt the response no more: nothing is left to be said."""
        if self._behaviour is not None:
            self._behaviour.hear_out()

    @property
    def was_heard(self) -> bool:
        """Whether the caller has finished speaking in any turn."""
        turn = self.turn
        return bool(self._spoke_before or (turn is not None and turn.sending.end_ns is not None))

    def acknowledge(self, configured: SessionConfigured) -> None:
        """Take the format in which the server says it writes audio, from now on."""
        audio = configured.output or self.audio
        if configured.output_unknown:
            audio = AudioFormat(self.audio.rate_hz, Encoding.UNKNOWN)
        if audio == self.audio:
            return
        self.audio, self._check = audio, EncodingCheck(audio)
        interrupted = None if self._interrupted is None else self._interrupted.turn
        for turn in (self.turn, interrupted):
            if turn is not None:
                turn.write_as(audio, self._check)

    def receive(self, event: Event, now_ns: int, bound: StampBound | None = None) -> None:
        """Take one event, and before it the tool calls that it tells."""
        for call in self._calls.of(event):
            self._receive(call, now_ns, None)
        if not isinstance(event, ToolCall):
            self._receive(event, now_ns, bound)

    def _receive(self, event: Event, now_ns: int, bound: StampBound | None) -> None:
        """Take one event that arrived at `now_ns` to where it belongs."""
        turn = self.turn
        self.understood.note(event, None if self.greets else turn, now_ns)
        if isinstance(event, SpeechStopped | InputCommitted):
            self._reports_end = True
        self._hears = self._hears or isinstance(event, SpeechStarted)
        if isinstance(event, OfResponse) and self._is_repeated(event):
            self._reuse(event.response_id)
        if turn is None:
            self.tokens.receive(event, None)
            if isinstance(event, OfResponse):
                self._owes_answer = False
                self._gone |= {event.response_id} - {""}
            return
        if self._interrupted is not None and self._into is not None:
            of_old, cut = self._into.receive(event, now_ns, bound)
            self._request(cut)
            if of_old:
                self.tokens.receive(event, self._interrupted.turn)
                # The caller no longer waits for the answer; the result is sent nevertheless.
                self._run_tools(None, event, now_ns)
                return
        elif isinstance(event, PlaybackCleared):
            self._clear(turn, now_ns)
            return
        elif isinstance(event, SpeechStarted | ResponseDone):
            self._caller_was_heard(turn, event, now_ns)
        self.tokens.receive(event, turn)
        turn.receive(event, now_ns, bound)
        if self._tools is not None:
            self._run_tools(turn, event, now_ns)
        if self._interrupted is not None and turn.audible_ns is not None:
            self._finalise_interruption(now_ns)

    def _is_repeated(self, event: OfResponse) -> bool:
        """Return whether a response has the name of another one that is over."""
        turn = self.turn
        waits = turn is not None and turn.sending.end_ns is not None
        return self._repeated.note(event, may_answer=waits and event.response_id in self._gone)

    def _reuse(self, name: str) -> None:
        """Reuse a name for a response that begins now."""
        self._gone -= {name}
        interrupted = None if self._interrupted is None else self._interrupted.turn
        for turn in (self.turn, interrupted):
            if turn is not None:
                turn.ids.reuse(name)

    def hear_more(
        self, delta: AudioDelta, now_ns: int, bound: StampBound | None = None
    ) -> bool | None:
        """Take audio that continues what is heard; any other is for `receive`.

        Returns:
            Whether the response became audible with it; otherwise what the caller does next is
            what it was, or later. `None` when it was not taken.
        """
        if self._interrupted is not None or self.turn is None:
            return None
        return self.turn.hear_more(delta, now_ns, bound)

    def held_up(self, late_ns: int) -> None:
        """Note that a frame was so late that the plan of the call moved.

        The server receives a gap: it decides later, or otherwise, than it would have.
        """
        if self.turn is not None and self.turn.answer_ns is None:
            self.turn.sending.held_up_ns = late_ns

    def prompted(self, now_ns: int) -> None:
        """Note that the caller's words have left, where they go out as text."""
        if isinstance(self.turn, TextTurn):
            self.turn.prompted(now_ns)

    def ended(self, now_ns: int) -> bool:
        """Return whether the turn is over: nothing to wait for, no backchannel or tool at work."""
        turn, behaviour = self.turn, self._behaviour
        assert turn is not None
        tools_work = self._tools is not None and self._tools.due_ns is not None
        speaks = behaviour is not None and behaviour.speaking
        return turn.ended(now_ns) and not (speaks or tools_work)

    def changes_ns(self, frame_ns: int) -> int:
        """Return before when nothing but silence is sent, in frames so long, if nothing comes."""
        turn, behaviour = self.turn, self._behaviour
        assert turn is not None
        instants_ns = [turn.ends_ns()]
        if behaviour is not None:
            next_ns = behaviour.next_ns(reacted_to_ns(turn))
            instants_ns += [] if next_ns is None else [next_ns + frame_ns]
        if self._tools is not None and self._tools.due_ns is not None:
            instants_ns.append(self._tools.due_ns)
        return min(instants_ns)

    def cuts_in_ns(self) -> int | None:
        """Return when the caller begins to interrupt the response, `None` for never."""
        turn, behaviour = self.turn, self._behaviour
        return (
            None if turn is None or behaviour is None else behaviour.cuts_in_ns(reacted_to_ns(turn))
        )

    def backchannel_frame(self, frame_start_ns: int) -> bytes | None:
        """Return the frame of a backchannel that is due, `None` for silence."""
        turn, behaviour = self.turn, self._behaviour
        if turn is None or behaviour is None:
            return None
        return behaviour.backchannel_frame(frame_start_ns, reacted_to_ns(turn))

    def press(self, key: str) -> bool:
        """Press a key of the telephone, with the next frame; return that there is a request."""
        self.requests.append(PressKey(key))
        return True

    def answer_tools(self, now_ns: int) -> None:
        """Give the results of tool calls where they are due."""
        tools = self._tools
        if tools is None or tools.due_ns is None or now_ns < tools.due_ns:
            return
        requests, ends = tools.answers()
        self.requests += requests
        if self.turn is not None and self.turn.tools.names:
            self.turn.tool_result_sent(now_ns, ends)

    def so_far(self, turn_index: int) -> HeardSoFar | None:
        """Return what is known of a turn that goes on, `None` of any other."""
        turn = self.turn
        if turn is None or self.greets or turn.spoken.turn_index != turn_index:
            return None
        return heard_so_far(turn)

    def take_heard(self) -> list[HeardSoFar]:
        """Return what was heard in turns that have ended, where it is kept."""
        heard, self.heard = self.heard, []
        return heard

    def close(self, now_ns: int, fault: Fault | None) -> TurnRecord:
        """Record the turn, and the one it interrupted.

        Args:
            now_ns: When the caller stops listening.
            fault: Why the turn is cut short from outside, `None` when it ended by itself.

        Returns:
            The turn's record.
        """
        assert self.turn is not None
        self._spoke_before = True
        self._finalise_interruption(now_ns, cut=fault is not None)
        record = self._write(_Open(self.turn, self._behaviour, self._into), None, fault, now_ns)
        self.turn = self._behaviour = self._into = None
        if self._tools is not None:
            self._tools.forget()
        return record

    def _caller_was_heard(
        self, turn: Turn, event: SpeechStarted | ResponseDone, now_ns: int
    ) -> None:
        """Stop the response, as clients do, when the server has detected the caller during it."""
        if isinstance(event, ResponseDone) and event.status is not ResponseStatus.CANCELLED:
            return
        behaviour = self._behaviour
        given = behaviour is not None and behaviour.was_taken_for_a_turn(now_ns)
        end_ns, audible_ns = turn.spoken.end_ns, turn.audible_ns
        premature = audible_ns is not None and audible_ns < end_ns
        if given or (premature and now_ns < end_ns + SPEECH_REPORT_NS):
            self._request(turn.interrupt(now_ns, for_good=False))

    def _clear(self, turn: Turn, now_ns: int) -> None:
        """Discard what has not been played: the agent took it back, and nobody interrupted it."""
        until_ns = turn.playout_end_ns
        if until_ns is None or now_ns >= until_ns:
            return
        words = "the agent took back what it had sent"
        done = ResponseDone("", ResponseStatus.CANCELLED, "cleared", words)
        self._caller_was_heard(turn, done, now_ns)
        turn.receive(done, now_ns)

    def _request(self, cut: CutOff | None) -> None:
        """Have the server told what was heard of a response, where there is something to tell."""
        if cut is not None:
            self.requests.append(cut)

    def _run_tools(self, turn: Turn | None, event: Event, now_ns: int) -> None:
        """Take a tool call to the application; `turn` waits for its answer."""
        tools = self._tools
        if tools is None:
            return
        if isinstance(event, ToolCall) and event.response_id not in self._gone:
            takes_ms = 0.0 if self._behaviour is None else self._behaviour.plan.tool_ms
            if tools.called(event, takes_ms, now_ns) and turn is not None:
                turn.tools.expect_answer()
        elif isinstance(event, ResponseDone):
            tools.over(event)

    def _finalise_interruption(self, now_ns: int, *, cut: bool = False) -> None:
        """Record the turn whose response was interrupted."""
        interrupted, self._interrupted = self._interrupted, None
        if interrupted is not None and self._into is not None:
            outcome = self._into.finalise(now_ns, cut=cut)
            self._write(interrupted, outcome, None, now_ns)

    def _write(
        self, done: _Open, barge_in: BargeIn | None, fault: Fault | None, now_ns: int
    ) -> TurnRecord:
        turn, acted = done.turn, None
        if done.behaviour is not None:
            acted = done.behaviour.outcome(turn.tools, barge_in)
        elif turn.tools.names:
            acted = turn.tools.outcome()
        record = turn.record(
            self._origin_ns,
            fault,
            now_ns=now_ns,
            behaviour=acted,
            barge_in=None if done.into is None else done.into.effect(),
            provider_session_id=self.provider_session_id,
            lateness=self._lateness,
        )
        self.records.append(record)
        began_ns = record.at.response_created_ns or record.at.first_audio_ns
        self._owes_answer = record.at.server_endpoint_ns is not None and began_ns is None
        given = () if done.behaviour is None else done.behaviour.backchannels
        self._sounds.end(turn.spoken, turn.kept, given, now_ns)
        if done.behaviour is not None:
            self.checks += checks_of(done.behaviour.plan, record, turn.words.text())
        if self._keeps_words:
            self.heard.append(heard_so_far(turn))
        self._gone |= turn.ids.seen
        if self._reports_end is None and self._hears:
            # It heard the caller begin, and never said when the caller had ended.
            self._reports_end = False
        return record
