"""The session record: one connection from open to close."""

from dataclasses import dataclass

from harness.errors import Fault
from harness.model.carrier import CarrierAccount
from harness.model.check import Check
from harness.model.turn import TokenUsage
from harness.model.understanding import CallerWords


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """One session, written when it has ended.

    Instants are nanoseconds on the monotonic clock since run start, `None` when they did not
    come. `frames_intended` is what the pacing plan asked for while the session was open,
    `frames_sent` what went out; a difference is our own failure.

    Attributes:
        session_id: Our name for it, unique in the run.
        call_number: Position of the call in the schedule.
        network: Name of the network profile.
        user_class: The scenario's user class that held the call; empty where it is not known.
        turns_planned: Turns of the plan.
        turns_done: Turn records written.
        provider_session_id: The provider's name for it.
        model: The model that the server named; empty when it named none.
        acknowledged: The turn detection the server said it uses, as JSON; requested is not
            acknowledged.
        differs: Settings that the server acknowledged differently from the request, in words.
        settings_acknowledged: Whether the server acknowledged any settings; `None` where no
            session existed.
        settings_refused: The server's words when it refused the settings; empty when it did not.
        unreadable_messages: Messages of the server that could not be read.
        old_names: Names of messages that the API has since renamed, as they came.
        close_code: WebSocket close code, `None` when the connection ended without one.
        scheduled_start_ns: When its caller was to begin.
        planned_start_ns: The same under an open load, where that was planned before the run;
            `None` under a closed one.
        answered_ns: When the webhook of the call had been answered, or the call created; `None`
            where its socket is dialled at once.
        minted_ns: When the ephemeral key of the call was there; `None` where it is opened with the
            key itself.
        reached_ns: When the TCP connection was established.
        secured_ns: When TLS was established, `None` without TLS.
        connected_ns: When the upgrade was accepted.
        ready_ns: When the server said that the session exists; only then is it open.
        usage: Tokens of responses that are in no turn, such as a greeting, or one that was begun
            before the server heard the turn end and ended later; `None` when there were none.
        responses_untold: Responses whose tokens were not reported, in no turn, or had not
            ended when the session did.
        refusals: How often a full server refused it before it was let in or given up.
        reconnects: How often it was opened anew after a retryable close.
        outage_ns: From losing a connection to the next session, summed over reconnects.
        round_trips_ns: Ping to pong, every few seconds: the transport's share of a turn.
        greeting_audible_ns: When the greeting of an agent that speaks first was first heard.
        greeting_end_ns: When it had been heard to its end.
        greeting_fault: Why it was not heard, or how it broke off; `None` for a whole greeting and
            where the caller does not wait for one.
        fault: Why it ended early, `None` when the caller hung up as planned.
        carrier: What the application did as a carrier saw it; `None` where harness was none.
        held_back_ns: How long the target's own limits held it back; its starts count from after.
        checks: What its scenario expected of the agent.
        caller_words: What the API understood of the caller, where it tells transcripts.
    """

    session_id: str
    call_number: int
    network: str
    turns_planned: int
    turns_done: int = 0
    scheduled_start_ns: int | None = None
    planned_start_ns: int | None = None
    open_start_ns: int | None = None
    answered_ns: int | None = None
    minted_ns: int | None = None
    reached_ns: int | None = None
    secured_ns: int | None = None
    connected_ns: int | None = None
    ready_ns: int | None = None
    closed_ns: int | None = None
    frames_intended: int = 0
    frames_sent: int = 0
    send_lateness_max_ns: int | None = None
    provider_session_id: str = ""
    model: str = ""
    acknowledged: str = ""
    differs: tuple[str, ...] = ()
    settings_acknowledged: bool | None = None
    settings_refused: str = ""
    unreadable_messages: int = 0
    old_names: tuple[str, ...] = ()
    close_code: int | None = None
    usage: TokenUsage | None = None
    responses_untold: int = 0
    refusals: int = 0
    reconnects: int = 0
    outage_ns: int = 0
    round_trips_ns: tuple[int, ...] = ()
    greeting_audible_ns: int | None = None
    greeting_end_ns: int | None = None
    greeting_fault: Fault | None = None
    user_class: str = ""
    fault: Fault | None = None
    carrier: CarrierAccount | None = None
    held_back_ns: int = 0
    checks: tuple[Check, ...] = ()
    caller_words: tuple[CallerWords, ...] = ()
