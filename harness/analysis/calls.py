"""Calls as their callers met them: how many had a turn that failed, and which were the worst."""

import math
from collections.abc import Iterable, Sequence

from harness.analysis.failures import has_failed, is_ours
from harness.analysis.intervals import wilson
from harness.analysis.metrics import heard_ms
from harness.analysis.rounding import RATE_DIGITS, rounded
from harness.model import Run, SessionRecord, TurnRecord
from harness.model.breakdown_summary import CallsSummary, CallSummary

_WORST_LISTED = 10

_Turns = Sequence[TurnRecord]


def calls_summary(run: Run) -> CallsSummary:
    """Summarise calls.

    A call is as bad as its worst turn: one that failed is worse than any that did not, several are
    worse than one; among equals the slower is the worse.
    """
    turns: dict[str, list[TurnRecord]] = {}
    for turn in run.turns:
        if not is_ours(turn):
            turns.setdefault(turn.session_id, []).append(turn)
    bad = [(sum(map(has_failed, each)), each) for each in turns.values()]
    n, failed = len(bad), sum(count > 0 for count, _ in bad)
    low, high = wilson(failed / n, n) if n else (None, None)
    ranked = sorted(
        ((count, _slowest_ms(each) or 0.0, each) for count, each in bad),
        key=lambda one: (-one[0], -one[1], one[2][0].session_id),
    )
    sessions = {session.session_id: session for session in run.sessions}
    return CallsSummary(
        n=n,
        failed=failed,
        share=rounded(failed / n, RATE_DIGITS) if n else None,
        low=rounded(low, RATE_DIGITS),
        high=rounded(high, RATE_DIGITS),
        worst=tuple(
            _call(each, count, sessions.get(each[0].session_id))
            for count, _, each in ranked[:_WORST_LISTED]
        ),
    )


def turns_of(run: Run, session_id: str) -> list[TurnRecord]:
    """Return all turns of a session in order, those that we spoiled included."""
    return sorted(
        (turn for turn in run.turns if turn.session_id == session_id),
        key=lambda turn: turn.turn_index,
    )


def _call(turns: _Turns, failed: int, session: SessionRecord | None) -> CallSummary:
    worst = max(turns, key=_badness)
    fault = worst.fault or (None if session is None else session.fault)
    return CallSummary(
        session_id=worst.session_id,
        network=worst.network,
        user_class=worst.user_class,
        turns=len(turns),
        failed=failed,
        turn_index=worst.turn_index,
        slowest_ms=rounded(_slowest_ms(turns)),
        fault="" if fault is None else f"{fault.party}/{fault.phase} {fault.code}",
    )


def _badness(turn: TurnRecord) -> tuple[bool, float]:
    latency_ms = heard_ms(turn)
    return has_failed(turn), math.inf if latency_ms is None else latency_ms


def _slowest_ms(turns: Iterable[TurnRecord]) -> float | None:
    heard = (heard_ms(turn) for turn in turns)
    return max((ms for ms in heard if ms is not None), default=None)
