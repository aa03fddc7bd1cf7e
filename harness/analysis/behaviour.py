"""Outcomes of what a script asked for: interruptions, backchannels, hesitation and tools."""

from collections import Counter
from collections.abc import Iterable

from harness.model import BargeIn, BehaviourOutcome, TurnRecord, TurnStatus
from harness.model.behaviour_summary import (
    BackchannelSummary,
    BargeInSummary,
    BehaviourSummary,
    HesitationSummary,
    ToolSummary,
)

Scripted = list[tuple[TurnRecord, BehaviourOutcome]]


def behaviour_summary(turns: Iterable[TurnRecord]) -> BehaviourSummary | None:
    """Count what was asked for and its outcomes; `None` where nothing was asked for."""
    scripted = [(turn, turn.behaviour) for turn in turns if turn.behaviour is not None]
    found = BehaviourSummary(
        barge_in=_barge_in(scripted),
        backchannels=_backchannels(scripted),
        hesitations=_hesitations(scripted),
        tools=_tools(scripted),
    )
    return None if found == BehaviourSummary() else found


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
    )
