"""What came of what a script asked for: interruptions, backchannels, hesitation and tools."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from harness.model import BargeIn, TurnRecord, TurnStatus


def behaviour_summary(turns: Iterable[TurnRecord]) -> dict[str, Any]:
    """Count what was asked for and what came of it.

    Returns:
        `barge_in`: `planned` and how many came to each end of `BargeIn`. `backchannels`: `sent`
        and `taken_for_turns`. `hesitations`: `planned` and `answered_within`, responses that began
        before the caller had ended. `tools`: turns that `expected` one, in which it was `used`
        or `not_used`, `unexpected` ones that used another or none was expected, and `unanswered`
        ones in which nothing was heard after the result. Only what was asked for is there; empty
        when nothing was.
    """
    scripted = [(turn, turn.behaviour) for turn in turns if turn.behaviour is not None]
    found: dict[str, Any] = {}
    ends = Counter(
        behaviour.barge_in for _, behaviour in scripted if behaviour.barge_in is not None
    )
    if ends:
        found["barge_in"] = {"planned": ends.total(), **{str(end): ends[end] for end in BargeIn}}
    if sent := sum(behaviour.backchannels for _, behaviour in scripted):
        taken = sum(behaviour.backchannels_taken for _, behaviour in scripted)
        found["backchannels"] = {"sent": sent, "taken_for_turns": taken}
    hesitant = [turn for turn, behaviour in scripted if behaviour.hesitation_ms]
    if hesitant:
        early = sum(turn.status is TurnStatus.PREMATURE for turn in hesitant)
        found["hesitations"] = {"planned": len(hesitant), "answered_within": early}
    if any(behaviour.expected_tool or behaviour.tools for _, behaviour in scripted):
        expected = [behaviour for _, behaviour in scripted if behaviour.expected_tool]
        used = sum(behaviour.expected_tool in behaviour.tools for behaviour in expected)
        found["tools"] = {
            "expected": len(expected),
            "used": used,
            "not_used": len(expected) - used,
            "unexpected": sum(
                any(tool != behaviour.expected_tool for tool in behaviour.tools)
                for _, behaviour in scripted
            ),
            "unanswered": sum(
                bool(behaviour.tools) and turn.at.answer_audible_ns is None
                for turn, behaviour in scripted
            ),
        }
    return found
