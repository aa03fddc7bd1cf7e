"""One turn: from the caller's first word to the last sample of the reply.

Theory of operation. The caller speaks and then waits; the server may tell, in any order and with
anything missing, that it heard the end, that a reply exists, that it is over. `_NEXT` is every
transition; what is not in it changes nothing. Instants are noted as events pass by.

Two rules hold for this file. Audio alone is enough: a server that never says a word about turns
still gets its number from the caller's labelled speech end and the first audible sample. And
events of replies that belong to an earlier turn are dropped, so late deltas after a cancel never
count.
"""

import base64
import binascii
from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np

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
    TurnCounts,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
)
from harness.session.listener import Listener
from harness.session.onset import OnsetDetector

_NS_PER_MS = 1_000_000
# Jitter buffers of a headset, a browser and a telephone bridge.
_BUFFERS_MS = (20, 60, 200)
# The frame that ends speech may be this late; beyond it the server was asked later than the
# record says, and the turn is ours to spoil (Cekura voids at the same figure).
_VOID_LATENESS_NS = 25 * _NS_PER_MS
# A reply that is not announced as over is over when nothing came for this long after playout.
_IDLE_NS = 2_000 * _NS_PER_MS


class Reply(Enum):
    """How far the server has come in this turn."""

    NONE = auto()
    ENDPOINTED = auto()
    CREATED = auto()
    SOUNDING = auto()
    OVER = auto()


_NEXT: dict[tuple[Reply, type], Reply] = {
    (Reply.NONE, SpeechStopped): Reply.ENDPOINTED,
    (Reply.NONE, InputCommitted): Reply.ENDPOINTED,
    (Reply.NONE, ResponseCreated): Reply.CREATED,
    (Reply.NONE, AudioDelta): Reply.SOUNDING,
    (Reply.NONE, ResponseDone): Reply.OVER,
    # The server heard the caller go on: its decision is withdrawn.
    (Reply.ENDPOINTED, SpeechStarted): Reply.NONE,
    (Reply.ENDPOINTED, ResponseCreated): Reply.CREATED,
    (Reply.ENDPOINTED, AudioDelta): Reply.SOUNDING,
    (Reply.ENDPOINTED, ResponseDone): Reply.OVER,
    (Reply.CREATED, AudioDelta): Reply.SOUNDING,
    (Reply.CREATED, ResponseDone): Reply.OVER,
    (Reply.SOUNDING, ResponseDone): Reply.OVER,
    # A second reply in the same turn, as after a tool call or a cancelled first one.
    (Reply.OVER, ResponseCreated): Reply.CREATED,
    (Reply.OVER, AudioDelta): Reply.SOUNDING,
}


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
        self._rate_hz = rate_hz
        self._onset = OnsetDetector(rate_hz)
        self._ear = Listener(rate_hz)
        self._buffered = [Listener(rate_hz, buffer_ms) for buffer_ms in _BUFFERS_MS]
        self._at = replace(before, speech_onset_ns=spoken.onset_ns, speech_end_ns=spoken.end_ns)
        self._noted: dict[str, int] = {}
        self._done: ResponseDone | None = None
        self._error: ProviderError | None = None
        self._usage: TokenUsage | None = None
        self._frames = self._deltas = 0
        self._lateness_max_ns: int | None = None
        self._provider: dict[str, str] = {}

    @property
    def audible_ns(self) -> int | None:
        """When the first audible sample is heard, once it has arrived."""
        return self._noted.get("first_audible_ns")

    @property
    def playout_end_ns(self) -> int | None:
        """When what has arrived of the reply has been played."""
        return self._ear.plays_until_ns

    def sent(self, now_ns: int, lateness_ns: int, *, ends_speech: bool) -> None:
        """Note that a frame of the utterance went out."""
        self._frames += 1
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
        match event:
            case AudioDelta():
                self._hear(event, now_ns)
            case SpeechStopped() | InputCommitted():
                self._endpoint(event, now_ns)
            case ResponseCreated():
                self._first("response_created_ns", now_ns)
                self._provider["response"] = response
            case TextDelta():
                self._first("first_text_ns", now_ns)
            case ToolCall():
                self._first("tool_call_ns", now_ns)
            case ResponseDone():
                self._finish(event)
            case ProviderError():
                self._error = event
        self.reply = _NEXT.get((self.reply, type(event)), self.reply)
        if isinstance(event, ResponseDone) and event.status is ResponseStatus.CANCELLED:
            self.reply = Reply.NONE

    def ended(self, now_ns: int) -> bool:
        """Tell whether there is nothing left to wait for."""
        heard_out_ns = self.playout_end_ns
        if self.audible_ns is None:
            silent_reply = self.reply is Reply.OVER and (
                heard_out_ns is None or now_ns >= heard_out_ns
            )
            return silent_reply or now_ns >= self.spoken.end_ns + self.spoken.limit_ns
        assert heard_out_ns is not None
        if self.reply is Reply.OVER:
            return now_ns >= heard_out_ns
        patience_ns = _IDLE_NS if self.reply is Reply.NONE else self.spoken.limit_ns
        return now_ns >= heard_out_ns + patience_ns

    def record(self, origin_ns: int, fault: Fault | None = None) -> TurnRecord:
        """Write the turn down.

        Args:
            origin_ns: Run start; recorded instants count from it.
            fault: Why the turn is being cut short from outside, `None` when it ended by itself.

        Returns:
            The record, with the status that follows from what was seen.
        """
        status, why = self._judge(fault)
        at = replace(self._at, **self._noted, playout_end_ns=self.playout_end_ns)
        spoken = self.spoken
        return TurnRecord(
            session_id=spoken.session_id,
            turn_index=spoken.turn_index,
            kind=TurnKind.FIRST if spoken.turn_index == 0 else TurnKind.LATER,
            status=status,
            network=spoken.network,
            utterance_id=spoken.utterance_id,
            limit_ms=spoken.limit_ns / _NS_PER_MS,
            at=since(at, origin_ns),
            counts=TurnCounts(
                frames_sent=self._frames,
                audio_deltas=self._deltas,
                samples_received=self._ear.samples,
                underruns=tuple(listener.underruns() for listener in self._buffered),
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

    def _first(self, name: str, now_ns: int) -> None:
        self._noted.setdefault(name, now_ns)

    def _endpoint(self, event: SpeechStopped | InputCommitted, now_ns: int) -> None:
        """Keep the last decision before the reply: only that one was answered."""
        if self.reply in (Reply.NONE, Reply.ENDPOINTED):
            fresh = isinstance(event, SpeechStopped) or self.reply is Reply.NONE
            if fresh:
                self._noted["server_endpoint_ns"] = now_ns
            if event.item_id:
                self._provider["item"] = event.item_id

    def _hear(self, delta: AudioDelta, now_ns: int) -> None:
        self._deltas += 1
        self._first("first_audio_ns", now_ns)
        self._noted["last_audio_ns"] = now_ns
        if delta.response_id:
            self._provider.setdefault("response", delta.response_id)
        if self.audible_ns is not None:
            samples = _samples_in(delta.audio)
        else:
            pcm = _decoded(delta.audio)
            samples = len(pcm)
        self._ear.receive(now_ns, samples)
        for listener in self._buffered:
            listener.receive(now_ns, samples)
        if self.audible_ns is None and (found := self._onset.feed(pcm)) is not None:
            self._noted["first_audible_ns"] = self._ear.heard_ns(found)

    def _finish(self, done: ResponseDone) -> None:
        self._done = done
        if done.usage is not None:
            self._usage = done.usage if self._usage is None else self._usage + done.usage

    def _judge(self, cut: Fault | None) -> tuple[TurnStatus, Fault | None]:
        sent_ns = self._noted.get("speech_end_sent_ns")
        if sent_ns is not None and sent_ns - self.spoken.end_due_ns > _VOID_LATENESS_NS:
            late_ms = (sent_ns - self.spoken.end_due_ns) / _NS_PER_MS
            words = f"the frame that ends speech left {late_ms:.0f} ms late"
            return TurnStatus.VOID, Fault(Party.OURS, Phase.SEND, "late_send", words)
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
                fault = Fault(Party.THEIRS, Phase.RESPONSE, "silent_reply", "no audible audio")
                return TurnStatus.NO_REPLY, fault
            code = done.code or done.status.value
            return TurnStatus.FAILED, Fault(Party.THEIRS, Phase.RESPONSE, code, done.detail)
        limit_s = self.spoken.limit_ns / 1e9
        words = f"nothing audible within {limit_s:g} s"
        if error is not None:
            words = f"{words}; last error {error.code}: {error.detail}"
        party = Party.UNKNOWN if error is None else Party.THEIRS
        if self.reply in (Reply.NONE, Reply.ENDPOINTED):
            return TurnStatus.NO_REPLY, Fault(party, self.phase(), "no_reply", words)
        return TurnStatus.TIMEOUT, Fault(party, Phase.RESPONSE, "timeout", words)


def since(at: TurnInstants, origin_ns: int) -> TurnInstants:
    """Return the same instants, counted from `origin_ns`."""
    values = {name: getattr(at, name) for name in TurnInstants.__dataclass_fields__}
    return TurnInstants(
        **{name: None if v is None else v - origin_ns for name, v in values.items()}
    )


def _samples_in(audio: bytes) -> int:
    """Return how many PCM16 samples base64 text holds, without decoding it."""
    padding = len(audio) - len(audio.rstrip(b"="))
    return (len(audio) * 3 // 4 - padding) // 2


def _decoded(audio: bytes) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """Return the PCM16 samples; what is not base64 holds none."""
    try:
        raw = base64.b64decode(audio, validate=True)
    except binascii.Error:
        return np.empty(0, dtype=np.int16)
    return np.frombuffer(raw[: len(raw) // 2 * 2], dtype="<i2").astype(np.int16, copy=False)
