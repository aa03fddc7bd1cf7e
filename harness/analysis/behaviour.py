"""What came of what a script asked for: interruptions, backchannels, hesitation and tools."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from harness.model import BargeIn, TurnRecord, TurnStatus


def conduct_summary(turns: Iterable[TurnRecord]) -> dict[str, Any]:
    """Count what was asked for and what came of it.

    Returns:
        `barge_in`: `planned` and how many came to each end of `BargeIn`. `backchannels`: `sent`
        and `taken_for_turns`. `hesitations`: `planned` and `answered_within`, responses that began
        before the caller had ended. `tools`: turns that `expected` one, in which it was `used`
        or `not_used`, `unexpected` ones that used another or none was expected, and `unanswered`
        ones in which nothing was heard after the result. Only what was asked for is there; empty
        when nothing was.
    """
    scripted = [(turn, turn.conduct) for turn in turns if turn.conduct is not None]
    found: dict[str, Any] = {}
    ends = Counter(conduct.barge_in for _, conduct in scripted if conduct.barge_in is not None)
    if ends:
        found["barge_in"] = {"planned": ends.total(), **{str(end): ends[end] for end in BargeIn}}
    if sent := sum(conduct.backchannels for _, conduct in scripted):
        taken = sum(conduct.backchannels_taken for _, conduct in scripted)
        found["backchannels"] = {"sent": sent, "taken_for_turns": taken}
    hesitant = [turn for turn, conduct in scripted if conduct.hesitation_ms]
    if hesitant:
        early = sum(turn.status is TurnStatus.PREMATURE for turn in hesitant)
        found["hesitations"] = {"planned": len(hesitant), "answered_within": early}
    if any(conduct.expected_tool or conduct.tools for _, conduct in scripted):
        expected = [conduct for _, conduct in scripted if conduct.expected_tool]
        used = sum(conduct.expected_tool in conduct.tools for conduct in expected)
        found["tools"] = {
            "expected": len(expected),
            "used": used,
            "not_used": len(expected) - used,
            "unexpected": sum(
                any(tool != conduct.expected_tool for tool in conduct.tools)
                for _, conduct in scripted
            ),
            "unanswered": sum(
                bool(conduct.tools) and turn.at.answer_audible_ns is None
                for turn, conduct in scripted
            ),
        }
    return found
