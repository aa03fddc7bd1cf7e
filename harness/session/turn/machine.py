"""One turn: from the first sample of the utterance to the last sample of the response.

Theory of operation. The caller speaks and then waits; the server may report, in any order and with
any of it missing, that it detected the end, that a response exists, that it is over. The table in
`response_state` holds every transition; any other event changes nothing. The rules of this file:

* Audio alone is enough. For a server that reports nothing about turns, the latency still comes from
  the labelled end of speech and the first audible sample; its response is over when nothing has
  been heard for a while.
* What was heard counts. A response that is cancelled before anything of it was heard leaves only
  the count of its audio; the next response is the turn's. A response that was heard is the turn's,
  even if it came too early, was cancelled and the real answer followed: the turn stays premature,
  with a negative latency, because that is what the caller experienced.
* Only the last decision before a response was answered: the server may detect several ends of
  speech within one utterance.
* Events of responses that belong to an earlier turn, that were cancelled, or that are not the
  current one change nothing, so late deltas after a cancel never count as heard.
* A response that began before the server detected the end of this turn answers the turn before, or
  is a greeting. On a server that reports the end, it leaves no trace.
* A caller who said nothing keeps listening: `SpeechStarted` alone does not stop the playout, a
  cancelled response does. A caller who speaks during the response stops it through `interrupt`.
* What is said before a tool is called is heard, but it is not the answer: the turn goes on until
  the response to the tool's result was heard, and the limit counts from that result.
"""

from collections.abc import Sequence

from harness.errors import Fault, Phase
from harness.model import (
    AudioDelta,
    AudioFormat,
    BehaviourOutcome,
    CutOff,
    Event,
    InputCommitted,
    NewDecoder,
    OfResponse,
    ProviderError,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    StampBound,
    TextDelta,
    TokensReported,
    ToolCall,
    ToolEnd,
    TurnRecord,
)
from harness.session.playout.encoding_check import EncodingCheck
from harness.session.playout.kept_audio import KeptTurn
from harness.session.playout.response_audio import ResponseAudio
from harness.session.playout.spoken_text import SpokenText
from harness.session.sent_frames import SentFrames
from harness.session.turn.agent_words import AgentWords
from harness.session.turn.barge_in import BargeInEffect
from harness.session.turn.early_responses import EarlyResponses
from harness.session.turn.endings import ResponseEndings
from harness.session.turn.instants import InstantNotes
from harness.session.turn.network_lateness import NetworkLateness
from harness.session.turn.outcome import TurnFacts, classify
from harness.session.turn.patience import IDLE_NS, patient_until_ns
from harness.session.turn.planned_speech import Instants, PlannedSpeech
from harness.session.turn.record import turn_record
from harness.session.turn.response_ids import ResponseIds
from harness.session.turn.response_state import ResponseState, Withdrawn
from harness.session.turn.server_habits import NO_HABITS, ServerHabits
from harness.session.turn.token_sum import TokenSum
from harness.session.turn.tool_use import ToolUse


class Turn:
    """The state of one turn; all times are monotonic nanoseconds.

    Args:
        spoken: What the caller says.
        audio: How the response's audio is written.
        new_decoder: Makes the decoder of that audio.
        stale: Responses that belong to earlier turns.
        before: Instants of the session that every record repeats.
        habits: How this server reports, as far as it is known.
        check: Whether this session's audio is written so; of this turn alone by default.
        keep: Where what is heard is kept; `None` where it is not.

    Attributes:
        response_state: How far the server has come.
        sending: What went out of the utterance.
        ids: Which responses belong to this turn.
        tools: Tools that it called, and whether their results are answered.
        words: What the agent says.
    """

    def __init__(
        self,
        spoken: PlannedSpeech,
        *,
        audio: AudioFormat,
        new_decoder: NewDecoder,
        stale: frozenset[str],
        before: Instants,
        habits: ServerHabits = NO_HABITS,
        check: EncodingCheck | None = None,
        keep: KeptTurn | None = None,
    ) -> None:
        self.spoken, self.kept, self.response_state = spoken, keep, ResponseState.NONE
        self.ids, self.tools = ResponseIds(stale), ToolUse()
        self._format, self._new_decoder, self._check = audio, new_decoder, check
        self._reports_end, self._over_ns = habits.reports_end, 0
        self._early = EarlyResponses(spoken.onset_ns, owed=habits.owes_answer)
        self._audio = self._listen()
        self._noted, self._endings = InstantNotes(before), ResponseEndings(habits.reports_done)
        self._tokens, self.words, self.sending = TokenSum(), AgentWords(), SentFrames()
        # Response and item of which more audio has nothing to change but what is heard.
        self._sounds: tuple[str, str] | None = None
        self._provider: dict[str, str] = {}

    @property
    def audible_ns(self) -> int | None:
        """When the first audible sample is heard, once it has arrived."""
        return self._audio.audible_ns

    @property
    def answer_ns(self) -> int | None:
        """When the response is heard, the answer where a tool was called; `None` before that."""
        if self._reports_end and self._early.pending:
            return None
        if self.tools.awaits_answer:
            return self._audio.answer_ns
        return self._audio.audible_ns

    @property
    def playout_end_ns(self) -> int | None:
        """When what has arrived of the response has been played."""
        return self._audio.plays_until_ns

    @property
    def faded_ns(self) -> int | None:
        """When the response has been heard; for a server that does not announce, its last sound."""
        sound_ns = None if self.ids.announces else self._audio.sound_ns
        return self._audio.plays_until_ns if sound_ns is None else sound_ns

    def hear_more(
        self, delta: AudioDelta, now_ns: int, bound: StampBound | None = None
    ) -> bool | None:
        """Take a piece of audio that continues the response: most do, and little is to be checked.

        Returns:
            Whether the response became audible with it, rather than only longer; `None` when it
            was not taken: it is for `receive`.
        """
        if self._sounds != (delta.response_id, delta.item_id):
            return None
        heard = self._audio
        before = heard.audible_ns, heard.answer_ns
        heard.hear(delta.audio, now_ns, bound, follow=not self.ids.announces)
        return before != (heard.audible_ns, heard.answer_ns)

    def write_as(self, audio: AudioFormat, check: EncodingCheck) -> None:
        """Take another format, for all audio that comes from now on."""
        self._format, self._check, self._sounds = audio, check, None
        self._audio.write_as(audio, check)

    def hold_back(self, until_ns: int) -> None:
        """Note that audio that comes is heard from then on only: something else plays before it."""
        self._audio.heard_from_ns = until_ns

    def receive(self, event: Event, now_ns: int, bound: StampBound | None = None) -> None:
        """Take one event that arrived at `now_ns`, or earlier by no more than `bound` if known."""
        response = event.response_id if isinstance(event, OfResponse) else ""
        if not self.ids.belongs(response):
            return
        if self._early.receive(event, now_ns) and not self.tools.awaits_answer:
            self._withdraw_early()
        moves: type | None = type(event)
        self._sounds = None
        match event:
            case AudioDelta():
                moves = self._hear(event, now_ns, bound)
            case SpeechStarted() | SpeechStopped() | InputCommitted():
                self._note_speech(event, now_ns)
            case ResponseCreated():
                moves = self._create(response, now_ns)
            case TextDelta() if not self.ids.is_cancelled(response):
                self._noted.first("first_text_ns", now_ns)
                self.words.add(response, event.text)
            case ToolCall():
                if not self.ids.is_cancelled(response):
                    self._noted.first("tool_call_ns", now_ns)
                self.tools.called(event.name)
            case ResponseDone():
                moves = self._finish(event, now_ns)
            case TokensReported():
                self._tokens.report(event.usage, response)
            case ProviderError():
                self._endings.failed(event)
        self.response_state = self.response_state.after(moves)

    def _listen(self) -> ResponseAudio | SpokenText:
        return ResponseAudio(self._format, self._new_decoder, self._check, self.kept)

    def interrupt(self, now_ns: int, *, for_good: bool = True) -> CutOff | None:
        """Stop listening: the caller interrupts; what was not played is not heard.

        Args:
            now_ns: When.
            for_good: Nothing more of this turn is to be heard; otherwise another response may come.

        Returns:
            How much was heard of the item that was playing, `None` when nothing was cut off.
        """
        self._sounds, heard = None, self._audio
        before = heard.kept_samples
        heard.stop(now_ns)
        self.ids.stop(for_good=for_good)
        if not for_good:
            self.response_state = self.response_state.after(self._withdraw())
        return None if heard.kept_samples == before else heard.cut_off()

    def committed(self, now_ns: int) -> None:
        """Note that the caller's client told the server that the caller has finished."""
        self._noted.first("commit_sent_ns", now_ns)

    def tool_result_sent(self, now_ns: int, ends: Sequence[ToolEnd] = ()) -> None:
        """Note that the results of the tools called so far went out, and how the calls ended."""
        self._sounds = None
        self._noted.first("tool_result_sent_ns", now_ns)
        self.tools.results_sent(now_ns, ends)
        self._audio.expect_answer()
        if not self.ids.announces:
            self._audio.next_response()

    def ended(self, now_ns: int) -> bool:
        """Return whether there is nothing left to wait for."""
        ends = now_ns >= self.ends_ns()
        if ends and not self.response_state.is_over and self.answer_ns is None:
            self._audio.finalise()
            return now_ns >= self.ends_ns()
        return ends

    def ends_ns(self) -> int:
        """Return when there is nothing left to wait for, if nothing more comes."""
        return min(self._waits_until_ns(), self.spoken.latest_ns)

    def _waits_until_ns(self) -> int:
        deadline_ns = max(self.spoken.end_ns, self.tools.results_ns) + self.spoken.limit_ns
        detected = self._reports_end is None and self._early.heard_first
        if self._early.pending and (self._reports_end or detected or self._heard_too_early()):
            # The server is about to report the end of the turn, and then to answer it.
            return max(deadline_ns, self.playout_end_ns or deadline_ns)
        played_ns, over = self.playout_end_ns, self.response_state.is_over
        if self.tools.owed or (self.tools.awaits_answer and self.answer_ns is None and not over):
            return deadline_ns if played_ns is None else max(deadline_ns, played_ns)
        if over:
            until_ns = self._over_ns if played_ns is None else played_ns
            if self._early.owed or (self.answer_ns is None and self._endings.completed):
                # A tool call, a text or a late answer may yet be followed by a spoken response.
                until_ns = min(max(until_ns, self._over_ns + IDLE_NS), deadline_ns)
            return until_ns
        if self.audible_ns is None or played_ns is None:
            return deadline_ns
        return patient_until_ns(
            self.response_state,
            self.spoken,
            announces=self.ids.announces,
            audible_ns=self.audible_ns,
            sound_ns=self._audio.sound_ns,
            played_ns=played_ns,
        )

    def record(
        self,
        origin_ns: int,
        fault: Fault | None = None,
        *,
        now_ns: int | None = None,
        behaviour: BehaviourOutcome | None = None,
        barge_in: BargeInEffect | None = None,
        provider_session_id: str = "",
        lateness: NetworkLateness | None = None,
    ) -> TurnRecord:
        """Record the turn, once and completely, with the status that follows from what was seen.

        Args:
            origin_ns: Run start; recorded instants count from it.
            fault: Why the turn is being cut short from outside, `None` when it ended by itself.
            now_ns: When the caller stops listening; what has not been played by then counts as
                unheard. `None` for a caller who hears it out.
            behaviour: What came of the planned behaviour.
            barge_in: What came of its interruption of the response before, `None` for none.
            provider_session_id: The provider's name for the session, empty where not known.
            lateness: Returns how far the network was from its plan; `None` without a plan.
        """
        if self._reports_end and self._early.pending:
            self._withdraw_early()
        self._audio.finalise()
        status, why = classify(self._seen(now_ns), fault)
        session = {"session": provider_session_id} if provider_session_id else {}
        return turn_record(
            self.spoken,
            self.sending,
            self._audio,
            self._noted,
            self._tokens,
            self._provider | session,
            responses=self.ids.count,
            status=status,
            fault=why,
            origin_ns=origin_ns,
            now_ns=now_ns,
            behaviour=behaviour,
            barge_in=barge_in,
            lateness=lateness,
        )

    def sent(self, late_ns: int) -> None:
        """Note how late frames left, of the utterance or of the silence after it."""
        if not self._noted.is_decided and self.audible_ns is None:
            self.sending.awaited(late_ns)

    def phase(self) -> Phase:
        """Return what the turn is waiting for."""
        if self.sending.end_ns is None:
            return Phase.SEND
        if self.audible_ns is not None:
            return Phase.PLAYOUT
        return Phase.ENDPOINT if self.response_state is ResponseState.NONE else Phase.RESPONSE

    def _heard_too_early(self) -> bool:
        """Return whether a response sounded while the server detected the caller speaking."""
        audible_ns, early = self.audible_ns, self._early
        return early.detects_speech and audible_ns is not None and audible_ns < self.spoken.end_ns

    def _withdraw_early(self) -> None:
        """Forget the responses that began before the server detected the end of this turn."""
        self.ids.withdraw(self._early.withdraw())
        self._audio = self._listen()
        self._noted.withdraw()
        self._provider.pop("response", None)
        self._endings, self._sounds = self._endings.anew(), None
        self.words.forget()
        self.response_state = ResponseState.NONE

    def _note_speech(
        self, event: SpeechStarted | SpeechStopped | InputCommitted, now_ns: int
    ) -> None:
        """Note what the server detects of the caller, and its decision unless a response sounds."""
        if isinstance(event, SpeechStarted):
            self._noted.resumed()
        elif self._audio.first_audio_ns is None:
            self._noted.decided(event, now_ns)
            if event.item_id:
                self._provider["item"] = event.item_id

    def _create(self, response: str, now_ns: int) -> type | None:
        if self.ids.is_finished(response):
            return None
        self.ids.create(response)
        self._endings.another()
        self.tools.response_began()
        if self.audible_ns is None:
            self._noted.answers()
            self._noted.at["response_created_ns"] = now_ns
            if response:
                self._provider["response"] = response
        self._audio.next_response()
        return ResponseCreated

    def _hear(self, delta: AudioDelta, now_ns: int, bound: StampBound | None) -> type | None:
        response = delta.response_id
        if self.ids.is_discarded(response):
            self._audio.discard(delta.audio)
            return None
        if self.ids.sound(response):
            self._audio.next_response()
        if self._audio.first_audio_ns is None and "server_endpoint_ns" not in self._noted:
            self._noted.answers()
        if response and self.audible_ns is None:
            self._provider["response"] = response
        self._audio.begin_item(delta.item_id)
        if not self.ids.announces:
            self.tools.response_began()
        self._audio.hear(delta.audio, now_ns, bound, follow=not self.ids.announces)
        if self.ids.is_finished(response):
            return None
        self._sounds = response, delta.item_id
        return AudioDelta

    def _finish(self, done: ResponseDone, now_ns: int) -> type | None:
        response = done.response_id
        if not self.ids.is_finished(response):
            self._tokens.add(done.usage, response)
        is_current = self.ids.finish(response)
        stopped_by_us = self.ids.is_discarded(response)
        if done.status is ResponseStatus.CANCELLED:
            self.ids.cancel(response)
            if not is_current:
                return None
            self._audio.stop(now_ns)
            heard_ns = self.audible_ns
            if not stopped_by_us and heard_ns is not None and heard_ns >= self.spoken.end_ns:
                self._endings.broke_off(done)
            return self._withdraw()
        failed = done.status is not ResponseStatus.COMPLETED and not stopped_by_us
        if is_current and self._audio.first_audio_ns is not None:
            # Some servers report the end of a response before they send its audio.
            self._audio.finalise()
        heard = self.audible_ns is not None and (is_current or self.ids.is_sounding(response))
        if failed and heard:
            self._endings.broke_off(done)
        if not is_current:
            return None
        if self.audible_ns is None and now_ns < self.spoken.end_ns:
            self._audio.stop(now_ns)
            return self._withdraw()
        self._endings.last, self._over_ns = done, now_ns
        return ResponseDone

    def _withdraw(self) -> type:
        if self.audible_ns is None:
            self._noted.withdraw()
            self._provider.pop("response", None)
        return Withdrawn

    def _seen(self, now_ns: int | None) -> TurnFacts:
        heard, audible_ns, spoken = self._audio, self.audible_ns, self.spoken
        until_ns = self.playout_end_ns
        still_plays = bool(now_ns and until_ns and now_ns < until_ns)
        waits, endless = not self.response_state.is_over, (now_ns or 0) >= spoken.latest_ns
        return TurnFacts(
            late_ns=self.sending.endpoint_late_ns(spoken.end_due_ns),
            arrival_error_ns=sum(heard.bound or ()),
            held_up_ns=self.sending.held_up_ns,
            flaw=heard.flaw,
            heard_ns=None if audible_ns is None else audible_ns - spoken.end_ns,
            phase=self.phase(),
            limit_ns=spoken.limit_ns,
            done=self._endings.last if self.response_state.is_over else None,
            broken=self._endings.failure(is_over=self.response_state.is_over),
            unfinished=waits and (self.ids.announces or still_plays),
            error=self._endings.error,
            unended=self._endings.unended(endless) if waits and self.ids.waits else None,
            begun="response_created_ns" in self._noted or heard.first_audio_ns is not None,
            audio=heard.first_audio_ns is not None,
            text="first_text_ns" in self._noted,
            tool="tool_call_ns" in self._noted,
            awaits_answer=self.tools.awaits_answer and heard.answer_ns is None,
            owed=self.tools.owed,
        )
