"""The turn record: what happened in one turn, as instants.

Instants are stored and durations derived, so that a definition can be corrected without a new
run. A missing instant is `None`, and then `fault` or `status` says why; it is never 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum

from harness.errors import Fault
from harness.model.units import NS_PER_MS

ERROR_LIMIT_NS = 10 * NS_PER_MS
"""A turn whose latency may be wrong by more than this through us is void.

Half a frame of 20 ms: what lies beyond could pass for a difference between two APIs.
"""


class TurnStatus(StrEnum):
    """How a turn ended.

    `completed`: the response was heard, or came in a turn in text. `broken_off`: it was heard from,
    then ended as failed or incomplete; its latency counts, and so does the failure. `premature`:
    the response began before the caller had ended; kept, with its negative latency. `timeout`: a
    response was under way but nothing could be heard within the limit, or nothing of the answer
    that a tool was called for; the latency is right-censored at the limit. `no_reply`: nothing at
    all came within the limit. `failed`: the provider reported that the response failed. `closed`:
    the session ended first. `dropped`: planned, but never started. `void`: we spoiled it ourselves.
    """

    COMPLETED = "completed"
    BROKEN_OFF = "broken_off"
    PREMATURE = "premature"
    TIMEOUT = "timeout"
    NO_REPLY = "no_reply"
    FAILED = "failed"
    CLOSED = "closed"
    DROPPED = "dropped"
    VOID = "void"

    @property
    def was_heard(self) -> bool:
        """Whether the response was heard from, so that the turn has a latency of its own."""
        return self in (TurnStatus.COMPLETED, TurnStatus.BROKEN_OFF, TurnStatus.PREMATURE)


_MUST_SOUND = (TurnStatus.COMPLETED, TurnStatus.BROKEN_OFF)
_FINE = (TurnStatus.COMPLETED, TurnStatus.PREMATURE)


class TurnKind(StrEnum):
    """Strata that are never averaged together.

    `tool`: a tool was called. `barge_in`: the caller interrupted the response before. A turn with
    both is a tool turn.
    """

    FIRST = "first"
    LATER = "later"
    TOOL = "tool"
    BARGE_IN = "barge_in"


class BargeIn(StrEnum):
    """Outcome of a caller's interruption of a response.

    `stopped`: the interruption stopped the response. `ended_first`: the response ended by itself
    before the server detected the caller. `deaf`: the response was heard to its end, or for as long
    as the caller waited, and the server never detected the caller. `missed`: no response was being
    heard when the interruption was due, or one that came before the end of the utterance, so
    nothing was interrupted. `cut`: the session ended before the outcome was known.
    """

    STOPPED = "stopped"
    ENDED_FIRST = "ended_first"
    DEAF = "deaf"
    MISSED = "missed"
    CUT = "cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnInstants:
    """When things happened: integer nanoseconds on the monotonic clock since run start.

    `speech_onset_ns` and `speech_end_ns` are the labelled samples placed on the pacing plan, not
    the times of the frames that carried them. `first_audible_ns`, `answer_audible_ns` and
    `playout_end_ns` are on the clock of a listener who plays the response as soon as it arrives.

    In a turn with a tool call `first_audible_ns` may be of what was said before the call, and
    `answer_audible_ns` is of the response to the tool's result. In a turn that interrupts the
    response before, `barge_in_onset_ns` is its `speech_onset_ns`, `barge_in_ack_ns` the server's
    first event about it, `audio_stopped_ns` the last sample heard of the response that was stopped.
    Where nothing stopped it, `talked_over_ns` is until when it was heard over the caller. Behind a
    carrier, `response_resumed_ns` is when more of a response came that its application had taken
    back, before the caller had ended: it is played to a caller who speaks.

    In a turn in text `speech_end_ns` is when the prompt was due, `commit_sent_ns` when it left,
    `first_text_ns` when the first text of the response came, and `last_text_ns` when the message
    came that ends the response. Nothing of audio is known, nor how long it took to be spoken.
    """

    scheduled_start_ns: int | None = None
    session_open_start_ns: int | None = None
    session_ready_ns: int | None = None
    speech_onset_ns: int | None = None
    speech_end_ns: int | None = None
    speech_end_sent_ns: int | None = None
    last_frame_sent_ns: int | None = None
    commit_sent_ns: int | None = None
    server_endpoint_ns: int | None = None
    response_created_ns: int | None = None
    first_text_ns: int | None = None
    last_text_ns: int | None = None
    first_audio_ns: int | None = None
    first_audible_ns: int | None = None
    last_audio_ns: int | None = None
    playout_end_ns: int | None = None
    tool_call_ns: int | None = None
    tool_result_sent_ns: int | None = None
    barge_in_onset_ns: int | None = None
    barge_in_ack_ns: int | None = None
    audio_stopped_ns: int | None = None
    answer_audible_ns: int | None = None
    talked_over_ns: int | None = None
    response_resumed_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Underruns:
    """Gaps that a listener with a jitter buffer of `buffer_ms` would hear."""

    buffer_ms: int
    count: int
    total_ms: float
    longest_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCounts:
    """How much was sent and received during one turn.

    Attributes:
        frames_sent: Frames of the utterance.
        samples_sent: Samples in them.
        audio_deltas: Pieces of audio that came.
        samples_received: Samples in them.
        samples_unheard: Those that were delivered but never played.
        received_rate_hz: Sample rate of the received audio, as the server acknowledged it; `None`
            where nothing was listened to.
        underruns: Gaps in playout, by buffer.
        responses: Responses of the turn: one, and one more for each call of a tool, from an agent
            that answers once; `None` where the server gives them no names.
    """

    frames_sent: int = 0
    samples_sent: int = 0
    audio_deltas: int = 0
    samples_received: int = 0
    samples_unheard: int = 0
    received_rate_hz: int | None = None
    underruns: tuple[Underruns, ...] = ()
    responses: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourOutcome:
    """Outcome of what a script asked of a turn.

    Attributes:
        barge_in: Outcome of the interruption of this turn's response, `None` for none planned.
            The instants of an interruption stand in the turn that interrupted.
        backchannels: Backchannels that were sent during the response.
        backchannels_taken: How many of them the server took for a turn of the caller.
        hesitation_ms: Pause inside the utterance.
        expected_tool: The tool the agent was expected to use; empty for none.
        tools: Tools that were called, in order.
        tools_failed: Calls of them that the caller's application answered with a failure.
        tools_timed_out: Calls of them that it answered with a time-out.
    """

    barge_in: BargeIn | None = None
    backchannels: int = 0
    backchannels_taken: int = 0
    hesitation_ms: float = 0.0
    expected_tool: str = ""
    tools: tuple[str, ...] = ()
    tools_failed: int = 0
    tools_timed_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """Tokens as the provider counted them; cached tokens are a part of the input tokens.

    `None` is a count that the provider did not report, as where it reported totals only. The totals
    are the provider's own and need not be the sum of the others.
    """

    input_text: int | None = 0
    input_audio: int | None = 0
    cached_text: int | None = 0
    cached_audio: int | None = 0
    output_text: int | None = 0
    output_audio: int | None = 0
    input_total: int | None = None
    output_total: int | None = None

    def __add__(self, other: "TokenUsage") -> "TokenUsage":
        """Add field by field: a turn may take several responses. With `None`, `None`."""
        return add_up([self, other])


def add_up(usages: Sequence[TokenUsage]) -> TokenUsage:
    """Add tokens field by field; what one does not know the sum does not know."""
    sums = {
        name: None if None in column else sum(column)
        for name, column in (
            (field.name, [getattr(usage, field.name) for usage in usages])
            for field in fields(TokenUsage)
        )
    }
    return TokenUsage(**sums)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRecord:
    """One turn: one utterance of the caller and the response to it.

    Attributes:
        session_id: Our name for the session, unique in the run. Sessions are the clusters of
            every interval.
        turn_index: 0 for the first turn of the session.
        kind: Stratum of the turn.
        status: How it ended.
        network: Name of the network profile it ran under.
        utterance_id: Which clip the caller spoke.
        condition: What was done to that clip's recording, by name; empty for an original.
        original_id: The same for one utterance under every condition; empty for an original.
        user_class: The scenario's user class that held the call; empty where it is not known.
        limit_ms: How long the caller waited at most, from the end of speech; the floor of a
            censored latency.
        fault: Why a missing instant is missing.
        provider_ids: The provider's identifiers, such as `response` and `item`.
        speech_end_sample: Position of the labelled end in the session's sent audio, in samples.
        send_lateness_max_ns: Worst frame of the turn; a property of us, not of the API.
        usage: Tokens, `None` when the provider did not report them.
        responses_untold: Responses of the turn that ended without the provider telling their
            tokens, so that `usage` is not all there is to pay.
        behaviour: Outcome of the behaviour that the script asked for, `None` for a plain turn.
        network_late_ns: For how long, between the end of speech and the response, the network was
            not yet as it was planned to be, beyond half a frame at a time; `None` for one that was
            not to change.
        endpoint_lateness_ns: How late the frame left that carries the labelled end of speech, or
            the latest of those after it until the server decided that the caller has finished;
            `None` when it never left. The server may have decided that much later through us.
        arrival_uncertainty_ns: The message with the first audible sample arrived at its stamp, or
            up to this long before; `None` when nothing was heard, or by a transport that cannot
            tell.
        processing_delay_ns: How late our own loop may have been to stamp that message; 0 where the
            kernel stamped it, `None` as for `arrival_uncertainty_ns`.
        think_asked_ns: The pause that the caller was to make before the utterance, from when the
            response before had been heard or the session was ready; `None` for an interruption.
        in_text: The caller's words went out and the response came as text: nothing could be heard.
        think_ns: The pause that it was, on the plan. Longer than asked for where a scenario decides
            late what is said; none of it is in the turn's latency.
    """

    session_id: str
    turn_index: int
    kind: TurnKind
    status: TurnStatus
    network: str
    utterance_id: str
    limit_ms: float
    at: TurnInstants
    counts: TurnCounts = TurnCounts()
    fault: Fault | None = None
    provider_ids: dict[str, str] = field(default_factory=dict)
    speech_end_sample: int | None = None
    send_lateness_max_ns: int | None = None
    usage: TokenUsage | None = None
    responses_untold: int = 0
    behaviour: BehaviourOutcome | None = None
    network_late_ns: int | None = None
    endpoint_lateness_ns: int | None = None
    arrival_uncertainty_ns: int | None = None
    processing_delay_ns: int | None = None
    condition: str = ""
    original_id: str = ""
    user_class: str = ""
    think_asked_ns: int | None = None
    think_ns: int | None = None
    in_text: bool = False

    @property
    def answered_ns(self) -> int | None:
        """When the response was first heard, or its first text came; `None` when it never was."""
        return self.at.first_text_ns if self.in_text else self.at.first_audible_ns

    @property
    def error_bound_ns(self) -> int | None:
        """By how much the latency may be wrong through us; `None` where a part is not known.

        A turn in which nothing was heard has no arrival: what is known of its latency, the least
        that it is, counts from the frame that ended speech.
        """
        late_ns = self.endpoint_lateness_ns
        if late_ns is None or self.answered_ns is None:
            return late_ns
        uncertain_ns, delay_ns = self.arrival_uncertainty_ns, self.processing_delay_ns
        if uncertain_ns is None or delay_ns is None:
            return None
        return late_ns + uncertain_ns + delay_ns

    def __post_init__(self) -> None:
        """Check that the fields agree with each other."""
        if self.turn_index < 0:
            raise ValueError(f"turn_index must not be negative, got {self.turn_index}")
        for value, name in (
            (self.endpoint_lateness_ns, "endpoint_lateness_ns"),
            (self.arrival_uncertainty_ns, "arrival_uncertainty_ns"),
            (self.processing_delay_ns, "processing_delay_ns"),
        ):
            if value is not None and value < 0:
                raise ValueError(f"{name} must not be negative, got {value}")
        if self.answered_ns is None and self.status in _MUST_SOUND:
            raise ValueError(f"a {self.status} turn must have been heard")
        if self.fault is None and self.status not in _FINE:
            raise ValueError(f"a turn that ended as {self.status} needs a fault that says why")
