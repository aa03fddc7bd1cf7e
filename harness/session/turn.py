"""One turn: from the caller's first word to the last sample of the reply.

Theory of operation. The caller speaks and then waits; the server may tell, in any order and with
anything missing, that it heard the end, that a reply exists, that it is over. The table in
`reply` is every transition; what is not in it changes nothing. Instants are noted in passing.

The rules of this file:

* Audio alone is enough. A server that never says a word about turns still gets its number from
  the caller's labelled speech end and the first audible sample; its reply is over when nothing
  was heard for a while.
* What was heard counts. A reply cancelled before anything of it was heard leaves no trace but the
  count of its audio; the reply that follows is the turn's. A reply that was heard is the turn's,
  even if it came too early, was cancelled then, and the real answer followed: the turn stays
  premature with its negative latency, because that is what happened to the caller.
* Only the last decision before a reply was answered: the server may hear the caller stop and go
  on several times in one utterance.
* Events of replies that belong to an earlier turn, that were cancelled, or that are not the one
  under way, move nothing, so late deltas after a cancel never count as heard.
* A caller who said nothing goes on listening: `SpeechStarted` alone does not stop the playout, a
  cancelled reply does.
"""

from dataclasses import dataclass, replace

from harness.errors import Fault, Party, Phase
from harness.model import (
    AudioDelta,
    Event,
    InputCommitted,
    ProviderError,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TokenUsage,
    ToolCall,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
)
from harness.session.hearing import Hearing
from harness.session.reply import NEXT, Reply, Withdrawn

_NS_PER_MS = 1_000_000
# The frame that ends speech may be this late; beyond it the server was asked later than the
# record says, and the turn is ours to spoil (Cekura voids at the same figure).
_VOID_LATENESS_NS = 25 * _NS_PER_MS
# A reply that nobody announces as over is over when nothing was heard for this long.
_IDLE_NS = 2_000 * _NS_PER_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What the caller says in a turn, on the plan.

    Attributes:
        session_id: Session it belongs to.
        turn_index: Position in the session.
        network: Profile name.
        utterance_id: What is said.
        onset_ns: Labelled first sample, on the plan.
        end_ns: Labelled last sample, on the plan.
        end_sample: Position of that sample in the audio sent so far, in samples.
        end_due_ns: When the frame that carries it is due.
        limit_ns: How long the caller waits from `end_ns`.
    """

    session_id: str
    turn_index: int
    network: str
    utterance_id: str
    onset_ns: int
    end_ns: int
    end_sample: int
    end_due_ns: int
    limit_ns: int


class Turn:
    """The state of one turn; all times are monotonic nanoseconds.

    Args:
        spoken: What the caller says.
        rate_hz: Sample rate of the reply.
        stale: Replies that belong to earlier turns.
        before: Instants of the session that every record repeats.
    """

    def __init__(
        self, spoken: Spoken, *, rate_hz: int, stale: frozenset[str], before: TurnInstants
    ) -> None:
        self.spoken = spoken
        self.reply = Reply.NONE
        self.responses: set[str] = set()
        self._stale = stale
        self._hearing = Hearing(rate_hz)
        self._at = replace(before, speech_onset_ns=spoken.onset_ns, speech_end_ns=spoken.end_ns)
        self._noted: dict[str, int] = {}
        self._decided_ns: int | None = None
        self._current = self._sounding = ""
        self._finished: set[str] = set()
        self._cancelled: set[str] = set()
        # After a cancel without an id, audio without one is late until another reply is announced.
        self._muted = self._announces = False
        self._over_ns = 0
        self._done: ResponseDone | None = None
        self._error: ProviderError | None = None
        self._usage: TokenUsage | None = None
        self._frames = self._samples = 0
        self._lateness_max_ns: int | None = None
        self._provider: dict[str, str] = {}

    @property
    def audible_ns(self) -> int | None:
        """When the first audible sample is heard, once it has arrived."""
        return self._hearing.audible_ns

    @property
    def playout_end_ns(self) -> int | None:
        """When what has arrived of the reply has been played."""
        return self._hearing.plays_until_ns

    def sent(self, now_ns: int, lateness_ns: int, *, ends_speech: bool, samples: int = 0) -> None:
        """Note that a frame of the utterance, `samples` long, went out."""
        self._frames += 1
        self._samples += samples
        self._noted["last_frame_sent_ns"] = now_ns
        if ends_speech:
            self._noted["speech_end_sent_ns"] = now_ns
        if self._lateness_max_ns is None or lateness_ns > self._lateness_max_ns:
            self._lateness_max_ns = lateness_ns

    def receive(self, event: Event, now_ns: int) -> None:
        """Take one event that arrived at `now_ns`."""
        response = getattr(event, "response_id", "")
        if response and response in self._stale:
            return
        if response:
            self.responses.add(response)
        moves: type | None = type(event)
        match event:
            case AudioDelta():
                moves = self._hear(event, now_ns)
            case SpeechStarted():
                self._decided_ns = None
            case SpeechStopped() | InputCommitted():
                self._decide(event, now_ns)
            case ResponseCreated():
                moves = self._create(response, now_ns)
            case TextDelta():
                self._first("first_text_ns", response, now_ns)
            case ToolCall():
                self._first("tool_call_ns", response, now_ns)
            case ResponseDone():
                moves = self._finish(event, now_ns)
            case ProviderError():
                self._error = event
        if moves is not None:
            self.reply = NEXT.get((self.reply, moves), self.reply)

    def interrupt(self, now_ns: int) -> None:
        """Stop listening: the caller cuts the reply off; what has not been played is not heard."""
        self._hearing.stop(now_ns)
        self._cancelled |= self.responses
        self._muted = True

    def ended(self, now_ns: int) -> bool:
        """Tell whether there is nothing left to wait for."""
        deadline_ns = self.spoken.end_ns + self.spoken.limit_ns
        played_ns = self.playout_end_ns
        if self.reply is Reply.OVER:
            until_ns = self._over_ns if played_ns is None else played_ns
            if self.audible_ns is None and self._finished_well():
                # A tool call or a text may yet be followed by a spoken reply.
                until_ns = min(max(until_ns, self._over_ns + _IDLE_NS), deadline_ns)
            return now_ns >= until_ns
        if self.audible_ns is None:
            if now_ns < deadline_ns:
                return False
            self._hearing.settle()
        if self.audible_ns is None or played_ns is None:
            return True
        return now_ns >= self._patience_ns(played_ns, deadline_ns)

    def record(
        self, origin_ns: int, fault: Fault | None = None, *, now_ns: int | None = None
    ) -> TurnRecord:
        """Write the turn down.

        Args:
            origin_ns: Run start; recorded instants count from it.
            fault: Why the turn is being cut short from outside, `None` when it ended by itself.
            now_ns: When the caller stops listening; what has not been played by then counts as
                unheard. `None` for a caller who hears it out.

        Returns:
            The record, with the status that follows from what was seen.
        """
        self._hearing.settle()
        status, why = self._judge(fault)
        spoken = self.spoken
        return TurnRecord(
            session_id=spoken.session_id,
            turn_index=spoken.turn_index,
            kind=TurnKind.FIRST if spoken.turn_index == 0 else TurnKind.LATER,
            status=status,
            network=spoken.network,
            utterance_id=spoken.utterance_id,
            limit_ms=spoken.limit_ns / _NS_PER_MS,
            at=since(self._instants(), origin_ns),
            counts=replace(
                self._hearing.counts(now_ns), frames_sent=self._frames, samples_sent=self._samples
            ),
            fault=why,
            provider_ids=self._provider,
            speech_end_sample=spoken.end_sample,
            send_lateness_max_ns=self._lateness_max_ns,
            usage=self._usage,
        )

    def phase(self) -> Phase:
        """Return what the turn is waiting for."""
        if "speech_end_sent_ns" not in self._noted:
            return Phase.SEND
        if self.audible_ns is not None:
            return Phase.PLAYOUT
        return Phase.ENDPOINT if self.reply is Reply.NONE else Phase.RESPONSE

    def _instants(self) -> TurnInstants:
        hearing = self._hearing
        noted: dict[str, int | None] = {**self._noted}
        if self._decided_ns is not None:
            noted.setdefault("server_endpoint_ns", self._decided_ns)
        return replace(
            self._at,
            **noted,
            first_audio_ns=hearing.first_audio_ns,
            first_audible_ns=None if hearing.doubt else hearing.audible_ns,
            last_audio_ns=hearing.last_audio_ns,
            playout_end_ns=hearing.plays_until_ns,
        )

    def _first(self, name: str, response: str, now_ns: int) -> None:
        if not response or response not in self._cancelled:
            self._noted.setdefault(name, now_ns)

    def _decide(self, event: SpeechStopped | InputCommitted, now_ns: int) -> None:
        """Note that the server thinks the caller has finished, unless a reply already sounds."""
        if self._hearing.first_audio_ns is not None:
            return
        if self._decided_ns is None or isinstance(event, SpeechStopped):
            self._decided_ns = now_ns
        if event.item_id:
            self._provider["item"] = event.item_id

    def _answers(self) -> None:
        """Keep the last decision before the reply: only that one was answered."""
        self._noted.pop("server_endpoint_ns", None)
        if self._decided_ns is not None:
            self._noted["server_endpoint_ns"] = self._decided_ns

    def _create(self, response: str, now_ns: int) -> type | None:
        if response and response in self._finished:
            return None
        self._announces = True
        self._muted = False
        self._current = response
        if self.audible_ns is None:
            self._answers()
            self._noted["response_created_ns"] = now_ns
            if response:
                self._provider["response"] = response
        self._hearing.next_reply()
        return ResponseCreated

    def _hear(self, delta: AudioDelta, now_ns: int) -> type | None:
        response = delta.response_id
        if response in self._cancelled or (self._muted and not response):
            self._hearing.waste(delta.audio)
            return None
        if response and (not self._current or self._current in self._finished):
            self._current = response
        if response and response != self._sounding:
            if self._sounding:
                self._hearing.next_reply()
            self._sounding = response
        if self._hearing.first_audio_ns is None and "server_endpoint_ns" not in self._noted:
            self._answers()
        if response and self.audible_ns is None:
            self._provider["response"] = response
        self._hearing.hear(delta.audio, now_ns, follow=not self._announces)
        return None if response and response in self._finished else AudioDelta

    def _finish(self, done: ResponseDone, now_ns: int) -> type | None:
        response = done.response_id
        if done.usage is not None:
            self._usage = done.usage if self._usage is None else self._usage + done.usage
        is_current = not response or not self._current or response == self._current
        if response:
            self._finished.add(response)
        if done.status is ResponseStatus.CANCELLED:
            if response:
                self._cancelled.add(response)
            if not is_current:
                return None
            self._muted = self._muted or (not response and self._announces)
            self._hearing.stop(now_ns)
            return self._withdraw()
        if not is_current:
            return None
        self._hearing.settle()
        if self.audible_ns is None and now_ns < self.spoken.end_ns:
            self._hearing.stop(now_ns)
            return self._withdraw()
        self._done, self._over_ns = done, now_ns
        return ResponseDone

    def _withdraw(self) -> type:
        if self.audible_ns is None:
            for name in ("response_created_ns", "first_text_ns", "server_endpoint_ns"):
                self._noted.pop(name, None)
            self._provider.pop("response", None)
        return Withdrawn

    def _finished_well(self) -> bool:
        return self._done is not None and self._done.status is ResponseStatus.COMPLETED

    def _patience_ns(self, played_ns: int, deadline_ns: int) -> int:
        """Return until when more of a reply that was heard, and not said to be over, may come."""
        audible_ns, sound_ns = self.audible_ns, self._hearing.sound_ns
        if self.reply is Reply.NONE:
            premature = audible_ns is not None and audible_ns < self.spoken.end_ns
            idle_ns = played_ns + _IDLE_NS
            return max(idle_ns, deadline_ns) if premature else idle_ns
        if self._announces:
            return played_ns + self.spoken.limit_ns
        # A server that sends silence for ever is heard out when its last sound has faded.
        return (played_ns if sound_ns is None else sound_ns) + _IDLE_NS

    def _judge(self, cut: Fault | None) -> tuple[TurnStatus, Fault | None]:
        sent_ns = self._noted.get("speech_end_sent_ns")
        if sent_ns is not None and sent_ns - self.spoken.end_due_ns > _VOID_LATENESS_NS:
            late_ms = (sent_ns - self.spoken.end_due_ns) / _NS_PER_MS
            words = f"the frame that ends speech left {late_ms:.0f} ms late"
            return TurnStatus.VOID, Fault(Party.OURS, Phase.SEND, "late_send", words)
        if self._hearing.doubt:
            fault = Fault(Party.OURS, Phase.PLAYOUT, "onset_unknown", self._hearing.doubt)
            return TurnStatus.VOID, fault
        audible_ns = self.audible_ns
        if audible_ns is not None and audible_ns < self.spoken.end_ns:
            return TurnStatus.PREMATURE, cut
        if audible_ns is not None:
            return TurnStatus.COMPLETED, cut
        if cut is not None:
            return (TurnStatus.VOID if cut.party is Party.OURS else TurnStatus.CLOSED), cut
        return self._unheard()

    def _unheard(self) -> tuple[TurnStatus, Fault]:
        done, error = self._done, self._error
        if done is not None and self.reply is Reply.OVER:
            if done.status is ResponseStatus.COMPLETED:
                return TurnStatus.NO_REPLY, self._nothing_spoken()
            code = done.code or done.status.value
            return TurnStatus.FAILED, Fault(Party.THEIRS, Phase.RESPONSE, code, done.detail)
        limit_s = self.spoken.limit_ns / 1e9
        words = f"nothing audible within {limit_s:g} s"
        if error is not None:
            words = f"{words}; last error {error.code}: {error.detail}"
        party = Party.UNKNOWN if error is None else Party.THEIRS
        begun = "response_created_ns" in self._noted or self._hearing.first_audio_ns is not None
        if not begun:
            return TurnStatus.NO_REPLY, Fault(party, self.phase(), "no_reply", words)
        return TurnStatus.TIMEOUT, Fault(party, Phase.RESPONSE, "timeout", words)

    def _nothing_spoken(self) -> Fault:
        """Return why a reply that ended well could not be heard."""
        if self._hearing.first_audio_ns is not None:
            code, words = "silent_reply", "no audible audio"
        elif "tool_call_ns" in self._noted:
            code, words = "tool_call", "the reply was a tool call, and none is answered"
        elif "first_text_ns" in self._noted:
            code, words = "text_only", "the reply was text without audio"
        else:
            code, words = "empty_reply", "the reply held nothing"
        return Fault(Party.THEIRS, Phase.RESPONSE, code, words)


def since(at: TurnInstants, origin_ns: int) -> TurnInstants:
    """Return the same instants, counted from `origin_ns`."""
    values = {name: getattr(at, name) for name in TurnInstants.__dataclass_fields__}
    return TurnInstants(
        **{name: None if v is None else v - origin_ns for name, v in values.items()}
    )
