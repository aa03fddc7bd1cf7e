"""When the model answers, and with what: turns become responses here.

One response of the conversation runs at a time; responses out of band run beside it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.clock import now_ns
from harness.model import NS_PER_MS, TruthRecord
from harness.simulator.chance.draws import Draws, Turn
from harness.simulator.chance.faults import Faults
from harness.simulator.protocol import event_order, refusals
from harness.simulator.protocol.answers import AnsweringSession
from harness.simulator.protocol.configuration import Json
from harness.simulator.protocol.conversation import Conversation
from harness.simulator.protocol.transcribing import Transcribing
from harness.simulator.timing.call_load import Admission
from harness.simulator.timing.deadlines import Deadline
from harness.simulator.voice.listening import Heard, Listening
from harness.simulator.voice.recognising import Recogniser
from harness.simulator.voice.sound_formats import FORMATS, PCM
from harness.simulator.voice.speaking import Plan, Speaking

_TOKENS_PER_MINUTE = 15_000_000
# A turn with a function call takes this share of its latency up to the call, the rest after the
# result; what the client's function takes comes on top.
_CALL_SHARE = 0.5


class Answering:
    """The responses of one session.

    Args:
        host: The session.
        conversation: Its conversation.
        listening: Its input audio buffer.
        draws: Its sources of chance.
        speed: Delivery of response audio, times real time.
        capacity: What the server can carry, `None` for everything.
        tell: Takes the truth about each response.
        recogniser: Knows what the caller says, `None` for nothing that does.
        transcribes: Whether turns are only transcribed.
    """

    def __init__(
        self,
        host: AnsweringSession,
        conversation: Conversation,
        listening: Listening,
        draws: Draws,
        *,
        speed: float,
        capacity: Admission | None,
        tell: Callable[[TruthRecord], None],
        recogniser: Recogniser | None = None,
        transcribes: bool = False,
    ) -> None:
        self._host, self._conversation, self._listening = host, conversation, listening
        self._draws, self._speed, self._capacity, self._tell = draws, speed, capacity, tell
        self._recogniser, self._transcribes = recogniser, transcribes
        self._transcribing = Transcribing(host, conversation, draws.transcription_ms)
        self.patience_ms = draws.patience_ms
        self._heard: Heard | None = None
        self._next: Turn | None = None
        self._last: Turn | None = None
        self._answered: Heard | None = None
        self._speaking: Speaking | None = None
        self._aside: set[Speaking] = set()
        self._playing_until_ns = 0
        self._deaf = False
        self._idle: Deadline | None = None

    # -- from the caller's audio ----------------------------------------------------------------

    def is_deaf(self) -> bool:
        """Return whether the caller's interruption is to be ignored."""
        return self._deaf and (self._speaking is not None or now_ns() < self._playing_until_ns)

    def premature_ms(self) -> float | None:
        """Return when to interrupt the turn that begins, `None` for never."""
        faults = self._upcoming().faults
        return faults.size("premature") if "premature" in faults else None

    def speech_started(self, *, interrupt: bool) -> None:
        """Stop talking when the caller begins to."""
        self._call_off_idle()
        if self._speaking is not None and interrupt:
            self._speaking.cancel("turn_detected")

    def turn_ended(self, heard: Heard, *, respond: bool) -> None:
        """Answer the caller's turn, or keep what is needed to answer it when asked to."""
        self._transcribe(heard)
        if self._transcribes:
            self._next = None
            return
        self._heard = heard
        if not respond:
            return
        if self._speaking is None:
            self._respond({})
        else:
            self._host.refuse(refusals.already_active(self._speaking.id))

    # -- from the client ------------------------------------------------------------------------

    def create(self, options: Json) -> None:
        """Begin a response because the client asks for it."""
        if options.get("conversation") == "none":
            self._begin(options, self._listening.what_was_heard(None), self._draws.aside())
            return
        if self._speaking is not None:
            raise refusals.already_active(self._speaking.id)
        self._respond(options)

    def cancel(self, response_id: Any) -> None:
        """Stop a response because the client asks for it: the one it names, or the running one."""
        running = [self._speaking, *self._aside] if response_id is not None else [self._speaking]
        for speaking in running:
            if speaking is not None and response_id in (None, speaking.id):
                speaking.cancel("client_cancelled")
                return
        raise refusals.nothing_to_cancel()

    def end(self) -> None:
        """Stop: the connection is gone."""
        self._call_off_idle()
        for speaking in (self._speaking, *tuple(self._aside)):
            if speaking is not None:
                speaking.abandon()

    # -- inside ---------------------------------------------------------------------------------

    def _transcribe(self, heard: Heard) -> None:
        """Have a transcript of the caller's turn sent, where the session asks for them."""
        transcription = self._host.configuration["audio"]["input"]["transcription"]
        if transcription is not None:
            fails = self._upcoming().faults.apply("untranscribed")
            said = None if self._recogniser is None else self._recogniser.take()
            self._transcribing.turn_ended(heard, transcription, fails=fails, said=said)

    def _upcoming(self) -> Turn:
        if self._next is None:
            self._next = self._draws.turn()
        return self._next

    def _respond(self, options: Json) -> None:
        """Begin the next response of the conversation."""
        self._call_off_idle()
        if self._conversation.answers_a_call and self._last is not None:
            self._finish_tool_turn(options, self._last)
            return
        turn, self._next = self._upcoming(), None
        heard = self._heard or self._listening.what_was_heard(None)
        self._heard, self._last, self._answered = None, turn, heard
        self._deaf = turn.faults.apply("deaf")
        if "premature" in turn.faults and heard.end_sample is not None:
            turn.faults.apply("premature")
            turn = replace(turn, latency_ms=0.0, lead_ms=0.0)
        if turn.faults.apply("no_reply"):
            self._tell_of_silence(turn, heard)
            return
        self._begin(options, heard, turn)

    def _finish_tool_turn(self, options: Json, turn: Turn) -> None:
        """Answer after a function's result: the rest of the turn's latency, from now on."""
        heard = self._listening.what_was_heard(None)
        if self._answered is not None:
            heard = replace(self._answered, anchor_ns=heard.endpoint_ns)
        rest_ms = (turn.latency_ms + turn.tool_ms) * (1 - _CALL_SHARE)
        rest = replace(turn, latency_ms=rest_ms, tool_ms=0.0, faults=Faults({}))
        self._begin(options, heard, rest)

    def _begin(self, options: Json, heard: Heard, turn: Turn) -> None:
        speaking = Speaking(
            self._host,
            self._conversation,
            session=self._host.configuration,
            options=options,
            heard=heard,
            plan=self._plan(options, heard, turn),
            ended=self._ended,
        )
        if speaking.out_of_band:
            self._aside.add(speaking)
        else:
            self._speaking = speaking
        speaking.begin()

    def _plan(self, options: Json, heard: Heard, turn: Turn) -> Plan:
        session = self._host.configuration
        asked = (options.get("audio") or {}).get("output") or {}
        wire = asked.get("format") or session["audio"]["output"]["format"]
        call = turn.tools.choose(
            options.get("tools") or session["tools"],
            options.get("tool_choice", session["tool_choice"]),
            answered=self._conversation.answers_a_call,
        )
        silent = call is not None and not turn.tools.preamble
        latency_ms = turn.latency_ms
        if silent:
            latency_ms = (turn.latency_ms + turn.tool_ms) * _CALL_SHARE
        queued_ns = self._capacity.admit(now_ns()) if self._capacity is not None else 0
        return Plan(
            turn_index=turn.index,
            answer=None
            if silent
            else self._draws.answer(turn, FORMATS[wire.get("type", PCM.name)]),
            in_text=options.get("output_modalities", session["output_modalities"]) == ["text"],
            call=call,
            latency_ms=latency_ms,
            anchor_ns=heard.anchor_ns,
            lead_ms=turn.lead_ms,
            queued_ns=queued_ns or 0,
            speed=self._speed,
            faults=turn.faults,
            failure="overload" if queued_ns is None else turn.faults.failure(),
        )

    def _tell_of_silence(self, turn: Turn, heard: Heard) -> None:
        """Write a truth record of a turn that is never answered."""
        due_ns = heard.anchor_ns + round((turn.latency_ms - turn.lead_ms) * NS_PER_MS)
        self._tell(
            TruthRecord(
                session_id=self._host.configuration["id"],
                response_id="",
                turn_index=turn.index,
                frame_end_samples=heard.frame_end_samples,
                frame_received_ns=heard.frame_received_ns,
                heard_end_sample=heard.end_sample,
                endpoint_ns=heard.endpoint_ns,
                heard_start_ns=heard.started_ns,
                drawn_ms=turn.latency_ms,
                lead_silence_ms=turn.lead_ms,
                first_audio_due_ns=due_ns,
                fault=turn.faults.applied,
            )
        )

    def _ended(self, speaking: Speaking, truth: TruthRecord, tokens: int) -> None:
        """A response has ended: write its truth record, and send the rate limits soon after."""
        again = not truth.cancelled and speaking.faults.apply("double")
        self._tell(replace(truth, fault=speaking.faults.applied))
        limits = [
            {
                "name": "tokens",
                "limit": _TOKENS_PER_MINUTE,
                "remaining": max(0, _TOKENS_PER_MINUTE - tokens),
                "reset_seconds": round(tokens * 60 / _TOKENS_PER_MINUTE, 3),
            }
        ]
        due_ns = now_ns() + round(self._draws.rate_limits_ms() * NS_PER_MS)
        self._host.at(
            due_ns, lambda: self._host.emit(event_order.RATE_LIMITS[0], rate_limits=limits)
        )
        if speaking.out_of_band:
            self._aside.discard(speaking)
            return
        self._speaking = None
        self._playing_until_ns = speaking.heard_until_ns
        if again and self._last is not None:
            turn = replace(self._last, answer=self._last.answer + 1, faults=Faults({}))
            heard = self._answered or self._listening.what_was_heard(None)
            self._host.at(now_ns(), lambda: self._say_again(heard, turn))
        elif not truth.cancelled:
            self._wait_for_caller()

    def _say_again(self, heard: Heard, turn: Turn) -> None:
        if self._speaking is None:
            self._begin({}, heard, turn)

    # -- a caller who says nothing --------------------------------------------------------------

    def _wait_for_caller(self) -> None:
        timeout_ms = self._listening.idle_timeout_ms
        if timeout_ms is None:
            return
        since_ms = self._listening.received_ms
        due_ns = max(now_ns(), self._playing_until_ns) + timeout_ms * NS_PER_MS
        self._idle = self._host.at(due_ns, lambda: self._listening.time_out(since_ms))

    def _call_off_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
