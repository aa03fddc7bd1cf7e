"""What came of a dialogue script's wishes, as the summary of a run counts it.

A part is there only where the script asked for such a thing, or where a carrier saw it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BargeInSummary:
    """Interruptions that the script asked for, by what came of them.

    Attributes:
        planned: How many were asked for.
        stopped: The response was stopped by it.
        ended_first: The response ended by itself before the server heard the caller.
        deaf: The server never took note.
        missed: No response was heard any more when it was due.
        cut: The session ended before any of this was known.
    """

    planned: int
    stopped: int
    ended_first: int
    deaf: int
    missed: int
    cut: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackchannelSummary:
    """Backchannels that were sent into responses, and those that the server took for a turn."""

    sent: int
    taken_for_turns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HesitationSummary:
    """Utterances with a pause, and those that were answered before the caller had ended."""

    planned: int
    answered_within: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSummary:
    """Tools that turns were expected to use, and what became of it.

    Attributes:
        expected: Turns that were to use one.
        used: Of them, turns that used it.
        not_used: Of them, turns that did not.
        unexpected: Turns that used another one, or one where none was expected.
        unanswered: Turns that used one and in which nothing was heard after its result.
        failed: Calls that the caller's own application answered with a failure, as it was told to.
        timed_out: Calls that it answered with a time-out.
    """

    expected: int
    used: int
    not_used: int
    unexpected: int
    unanswered: int
    failed: int = 0
    timed_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSummary:
    """One check of a scenario, over all its calls.

    Attributes:
        what: What was expected, in the scenario's words.
        made: How often it was looked at.
        failed: How often it did not come.
    """

    what: str
    made: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSummary:
    """What applications behind a carrier did, over all calls.

    Attributes:
        calls: Calls that were held through a carrier.
        interruptions: Responses that a caller interrupted while they were heard.
        not_cleared: Of them, those that the application did not take back, so that the carrier
            played them to their end.
        resumed: Of them, those that it took back and then sent more of while the caller spoke, as
            one does that takes the marks of cleared audio for played.
        bursts: Times that audio was sent more than a second ahead of its playout.
        bursts_unmarked: Of them, those without a mark.
        frames_dropped: Frames of callers that its socket did not take in time.
    """

    calls: int
    interruptions: int
    not_cleared: int
    resumed: int
    bursts: int
    bursts_unmarked: int
    frames_dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourSummary:
    """What a dialogue script asked for and what came of it."""

    barge_in: BargeInSummary | None = None
    backchannels: BackchannelSummary | None = None
    hesitations: HesitationSummary | None = None
    tools: ToolSummary | None = None
    checks: tuple[CheckSummary, ...] = ()
    application: ApplicationSummary | None = None
