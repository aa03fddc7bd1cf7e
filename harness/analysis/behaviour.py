"""Outcomes of what a scenario asked for: interruptions, backchannels, pauses, tools, checks."""

from collections import Counter
from collections.abc import Iterable, Sequence

from harness.model import (
    BargeIn,
    BehaviourOutcome,
    CarrierAccount,
    SessionRecord,
    TurnRecord,
    TurnStatus,
)
from harness.model.behaviour_summary import (
    ApplicationSummary,
    BackchannelSummary,
    BargeInSummary,
    BehaviourSummary,
    CheckSummary,
    HesitationSummary,
    ToolSummary,
)

Scripted = list[tuple[TurnRecord, BehaviourOutcome]]


def behaviour_summary(
    turns: Iterable[TurnRecord], sessions: Iterable[SessionRecord] = ()
) -> BehaviourSummary | None:
    """Count what was asked for and expected, and its outcomes; `None` where nothing was."""
    turns, sessions = list(turns), list(sessions)
    scripted = [(turn, turn.behaviour) for turn in turns if turn.behaviour is not None]
    found = BehaviourSummary(
        barge_in=_barge_in(scripted),
        backchannels=_backchannels(scripted),
        hesitations=_hesitations(scripted),
        tools=_tools(scripted),
        checks=_checks(sessions),
        application=_application(turns, sessions),
    )
    return None if found == BehaviourSummary() else found


def _application(
    turns: Sequence[TurnRecord], sessions: Iterable[SessionRecord]
) -> ApplicationSummary | None:
    """Return what applications behind a carrier did with audio, `None` where there was none."""
    accounts = [one.carrier for one in sessions if one.carrier is not None]
    if not accounts or any(turn.in_text for turn in turns):
        return None
    total = sum(accounts, CarrierAccount())
    cut_into = [turn.at for turn in turns if turn.at.barge_in_onset_ns is not None]
    return ApplicationSummary(
        calls=len(accounts),
        interruptions=len(cut_into),
        not_cleared=sum(at.talked_over_ns is not None for at in cut_into),
        resumed=sum(at.response_resumed_ns is not None for at in cut_into),
        bursts=total.bursts,
        bursts_unmarked=total.bursts_unmarked,
        frames_dropped=total.frames_dropped,
    )


def _checks(sessions: Iterable[SessionRecord]) -> tuple[CheckSummary, ...]:
    """Return every check of the scenario, those that failed most first."""
    checks = [check for session in sessions for check in session.checks]
    made = Counter(check.what for check in checks)
    failed = Counter(check.what for check in checks if not check.passed)
    found = [CheckSummary(what=what, made=n, failed=failed[what]) for what, n in made.items()]
    return tuple(sorted(found, key=lambda check: (-check.failed, check.what)))


def _barge_in(scripted: Scripted) -> BargeInSummary | None:
    ends = Counter(asked.barge_in for _, asked in scripted if asked.barge_in is not None)
    if not ends:
        return None
    return BargeInSummary(planned=ends.total(), **{str(end): ends[end] for end in BargeIn})


def _backchannels(scripted: Scripted) -> BackchannelSummary | None:
    sent = sum(asked.backchannels for _, asked in scripted)
    taken = sum(asked.backchannels_taken for _, asked in scripted)
    return BackchannelSummary(sent=sent, taken_for_turns=taken) if sent else None


def _hesitations(scripted: Scripted) -> HesitationSummary | None:
    hesitant = [turn for turn, asked in scripted if asked.hesitation_ms]
    early = sum(turn.status is TurnStatus.PREMATURE for turn in hesitant)
    return HesitationSummary(planned=len(hesitant), answered_within=early) if hesitant else None


def _tools(scripted: Scripted) -> ToolSummary | None:
    if not any(asked.expected_tool or asked.tools for _, asked in scripted):
        return None
    expected = [asked for _, asked in scripted if asked.expected_tool]
    used = sum(asked.expected_tool in asked.tools for asked in expected)
    return ToolSummary(
        expected=len(expected),
        used=used,
        not_used=len(expected) - used,
        unexpected=sum(
            any(tool != asked.expected_tool for tool in asked.tools) for _, asked in scripted
        ),
        unanswered=sum(
            bool(asked.tools) and turn.at.answer_audible_ns is None for turn, asked in scripted
        ),
        failed=sum(asked.tools_failed for _, asked in scripted),
        timed_out=sum(asked.tools_timed_out for _, asked in scripted),
    )
