"""One response from `response.created` to `response.done`: what is released, and when.

Nothing here waits. Each step does what is due and asks for the next deadline; one deadline is
outstanding at any time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.clock import now_ns
from harness.model import NS_PER_MS, TruthRecord, ns_from_samples
from harness.simulator.chance.faults import TERMINAL, Faults
from harness.simulator.protocol import event_order, usage
from harness.simulator.protocol.configuration import Json
from harness.simulator.protocol.conversation import Conversation
from harness.simulator.protocol.response_object import response_object
from harness.simulator.timing.deadlines import Deadline
from harness.simulator.voice.listening import Heard
from harness.simulator.voice.outputs import (
    Called,
    Outlet,
    Output,
    PlannedSpeech,
    ResponseContext,
    Written,
)
from harness.simulator.voice.spoken_answers import SpokenAnswer
from harness.simulator.voice.tools import FunctionCall
from harness.simulator.wire.message_faults import with_message_faults

# Acting on the decision takes this long.
_LEAST_REACTION_NS = 5 * NS_PER_MS
# The item opens at this share of the wait for the first audio.
_OPENING_SHARE = 0.4
_RATE_LIMIT = 40_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one response will be, as chance and the client decided.

    Attributes:
        turn_index: The caller's turn it belongs to.
        answer: What is said, or written when `in_text`; `None` for a call without a word.
        in_text: Whether the answer is text.
        call: The function that is called in the end, `None` for none.
        latency_ms: Voice to voice, from `anchor_ns`.
        anchor_ns: Where the latency counts from.
        lead_ms: Silence at the head of the response.
        queued_ns: Wait for capacity, on top of the latency.
        speed: Delivery, times real time.
        faults: What goes wrong.
        failure: Why it fails at once, `None` when it does not.
    """

    turn_index: int
    answer: SpokenAnswer | None
    in_text: bool
    call: FunctionCall | None
    latency_ms: float
    anchor_ns: int
    lead_ms: float
    queued_ns: int
    speed: float
    faults: Faults
    failure: str | None

    @property
    def lead_samples(self) -> int:
        """The silence in whole samples, so that it is exactly known."""
        if self.answer is None or self.in_text:
            return 0
        more_ms = self.faults.size("leading_silence") if "leading_silence" in self.faults else 0.0
        return round((self.lead_ms + more_ms) * self.answer.format.rate_hz / 1000)

    def first_due_ns(self, asked_ns: int) -> int:
        """Return when the first output must go out for the latency to come true.

        A latency that ends before anybody asked for a response cannot be kept; then the output
        follows the asking at once, and the truth log has both. A faulty silence at the head does
        not make the first byte earlier.

        Args:
            asked_ns: When the response was asked for, by VAD or by the client.
        """
        lead_ns = 0
        if self.answer is not None and not self.in_text:
            rate_hz = self.answer.format.rate_hz
            lead_ns = ns_from_samples(round(self.lead_ms * rate_hz / 1000), rate_hz)
        wanted_ns = self.anchor_ns + round(self.latency_ms * NS_PER_MS) - lead_ns
        return max(wanted_ns, asked_ns + _LEAST_REACTION_NS) + self.queued_ns


class Speaking:
    """One response.

    Args:
        outlet: Where it goes.
        conversation: What it reads, and where its items are added.
        session: The session's configuration at this moment.
        options: The fields of the client's `response.create`, empty for one begun by VAD.
        heard: The caller's turn.
        plan: What it will be.
        ended: Called once, with the truth and the tokens used, when nothing more is released.
    """

    def __init__(
        self,
        outlet: Outlet,
        conversation: Conversation,
        *,
        session: Json,
        options: Json,
        heard: Heard,
        plan: Plan,
        ended: Callable[["Speaking", TruthRecord, int], None],
    ) -> None:
        self.id = outlet.new_id("resp")
        self.out_of_band = options.get("conversation") == "none"
        self._outlet, self._session, self._options = outlet, session, options
        self._heard, self._ended = heard, ended
        self.plan, self.faults = plan, plan.faults
        self._asked_ns = now_ns()
        self._first_due_ns = plan.first_due_ns(self._asked_ns)
        self._context = ResponseContext(
            outlet=outlet,
            send=with_message_faults(outlet.send, self.faults),
            conversation=conversation,
            response_id=self.id,
            out_of_band=self.out_of_band,
        )
        self._outputs: list[Output] = []
        self._current = 0
        self._timer: Deadline | None = None
        self._over = False
        self._read, self._cached = conversation.read(self._asked("instructions") or "")

    @property
    def heard_until_ns(self) -> int:
        """When a listener without a buffer has heard everything that was said."""
        spoken = self._spoken
        if spoken is None or spoken.first_ns is None or self.plan.answer is None:
            return 0
        rate_hz = self.plan.answer.format.rate_hz
        return spoken.first_ns + ns_from_samples(spoken.samples_sent, rate_hz)

    @property
    def called(self) -> bool:
        """Whether it ended in a function call, which wants an answer."""
        return any(isinstance(output, Called) for output in self._outputs)

    def begin(self) -> None:
        """Announce the response and ask for the next deadline."""
        self._show(event_order.RESPONSE_BEGIN, "in_progress")
        if self.plan.failure is not None:
            self.faults.note(self.plan.failure)
            self._end("failed", error=self._error(self.plan.failure))
            return
        wait_ns = self._first_due_ns - self._asked_ns
        opening_ns = self._asked_ns + round(_OPENING_SHARE * wait_ns)
        self._outputs = self._make_outputs()
        self._timer = self._outlet.at(opening_ns, self._open_first)

    def cancel(self, reason: str) -> None:
        """Stop in the middle: `turn_detected` or `client_cancelled`."""
        spoken = self._spoken
        goes_on = spoken is not None and spoken.has_more and self.faults.apply("late_deltas")
        self._end("cancelled", reason)
        if spoken is not None and goes_on:
            spoken.release_late()

    def abandon(self) -> None:
        """Stop without an event: the connection is gone."""
        if not self._over:
            self._stop()

    # -- step by step ---------------------------------------------------------------------------

    def _make_outputs(self) -> list[Output]:
        plan, outputs = self.plan, list[Output]()
        if plan.answer is not None and plan.in_text:
            outputs.append(Written(self._context, 0, plan.answer.transcript, self.faults))
        elif plan.answer is not None:
            outputs.append(
                PlannedSpeech(
                    self._context,
                    0,
                    answer=plan.answer,
                    lead_samples=plan.lead_samples,
                    speed=plan.speed,
                    faults=self.faults,
                )
            )
        if plan.call is not None:
            outputs.append(Called(self._context, len(outputs), plan.call))
        return outputs

    def _open_first(self) -> None:
        self._outputs[0].open()
        self._timer = self._outlet.at(self._first_due_ns, self._release)

    def _release(self) -> None:
        """Release what is due, and go on to the next output or to the end."""
        output = self._outputs[self._current]
        due_ns = output.release()
        if self._over:
            return  # a fault has ended the connection
        if TERMINAL & set(self.faults.applied.split("+")):
            self._stop()
        elif self._written().total >= self._most_tokens():
            self._end("incomplete", "max_output_tokens")
        elif due_ns is not None:
            self._timer = self._outlet.at(due_ns, self._release)
        else:
            output.close("completed")
            self._go_on()

    def _go_on(self) -> None:
        self._current += 1
        if self._current == len(self._outputs):
            self._end("completed")
            return
        self._outputs[self._current].open()
        self._timer = self._outlet.at(now_ns() + _LEAST_REACTION_NS, self._release)

    def _end(self, status: str, reason: str = "", error: Json | None = None) -> None:
        """Close what is open and send `response.done`."""
        for output in self._outputs:
            if output.is_open:
                output.close("incomplete")
        self._show(event_order.RESPONSE_END, status, reason, error)
        self._stop(cancelled=status == "cancelled")

    def _stop(self, *, cancelled: bool = False) -> None:
        """Cancel the next deadline and write the truth record."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        tokens = self._read.total + self._written().total
        self._ended(self, self._truth(cancelled=cancelled), tokens)

    # -- what is shown --------------------------------------------------------------------------

    @property
    def _spoken(self) -> PlannedSpeech | None:
        return next((out for out in self._outputs if isinstance(out, PlannedSpeech)), None)

    @property
    def _text(self) -> Written | None:
        return next((out for out in self._outputs if isinstance(out, Written)), None)

    def _asked(self, name: str) -> Any:
        """Return what the client asked for in this response, else the session's."""
        return self._options.get(name) or self._session.get(name)

    def _most_tokens(self) -> float:
        most = self._asked("max_output_tokens")
        return float("inf") if most == "inf" else most

    def _written(self) -> usage.Tokens:
        return sum((output.tokens for output in self._outputs), usage.Tokens())

    def _error(self, failure: str) -> Json:
        if failure == "rate_limit":
            wait_s = self.faults.size("rate_limit") / 1000
            return {
                "type": "tokens",
                "code": "rate_limit_exceeded",
                "message": f"Rate limit reached for {self._session['model']} on tokens per min"
                f" (TPM): Limit {_RATE_LIMIT}, Used {_RATE_LIMIT}, Requested {self._read.total}."
                f" Please try again in {wait_s:g}s.",
            }
        return {
            "type": "server_error",
            "code": "server_is_overloaded" if failure == "overload" else "server_error",
            "message": "The server had an error while processing your request. Sorry about that!"
            f" The session ID is {self._session['id']}.",
        }

    def _show(
        self, kinds: tuple[str, ...], status: str, reason: str = "", error: Json | None = None
    ) -> None:
        """Send the response object in the given state."""
        running = status == "in_progress"
        response = response_object(
            self._session,
            self._options,
            response_id=self.id,
            status=status,
            reason=reason,
            error=error,
            output=[out.item.wire for out in self._outputs if out.was_opened and not running],
            usage=None if running else self._usage(),
        )
        for kind in kinds:
            self._context.emit(kind, {"response": response})

    def _usage(self) -> Json:
        counted = usage.usage_object(self._read, self._cached, self._written())
        if self.faults.apply("wrong_usage"):
            counted["total_tokens"] = counted["total_tokens"] * 7 + 1
            counted["output_token_details"]["audio_tokens"] += 1000
        return counted

    def _truth(self, *, cancelled: bool) -> TruthRecord:
        heard, spoken, text, plan = self._heard, self._spoken, self._text, self.plan
        first = spoken or text
        rate_hz = plan.answer.format.rate_hz if plan.answer is not None else 1
        return TruthRecord(
            session_id=self._session["id"],
            response_id=self.id,
            turn_index=plan.turn_index,
            frame_end_samples=heard.frame_end_samples,
            frame_received_ns=heard.frame_received_ns,
            heard_end_sample=heard.end_sample,
            endpoint_ns=heard.endpoint_ns,
            heard_start_ns=heard.started_ns,
            drawn_ms=plan.latency_ms,
            lead_silence_ms=plan.lead_samples * 1000 / rate_hz,
            first_audio_due_ns=self._first_due_ns,
            first_audio_released_ns=spoken.first_ns if spoken else None,
            first_audible_heard_ns=spoken.audible_ns if spoken else None,
            first_text_released_ns=text.first_ns if text else None,
            last_text_released_ns=text.last_ns if text else None,
            release_took_ns=first.release_took_ns if first else 0,
            last_audio_released_ns=spoken.last_ns if spoken else None,
            tool_called_ns=next(
                (it.called_ns for it in self._outputs if isinstance(it, Called)), None
            ),
            cancelled=cancelled,
            fault=self.faults.applied,
            queued_ms=plan.queued_ns / NS_PER_MS,
        )
