"""What a condition of the speech does to latency: the same utterances with it and without it.

The words make more difference than most conditions do, so conditions are compared utterance by
utterance, on the same network. An utterance's difference is that of its two medians; the
condition's is the median over utterances, which one slow turn does not move and turns that were
never answered need not be left out of.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.bootstrap import Pairs, differences, fewest_sessions, interval
from harness.analysis.intervals import turns_needed
from harness.analysis.metrics import BY_NAME, Metric, headline_of, turn_latency
from harness.analysis.rounding import rounded
from harness.model import TurnRecord
from harness.model.summary import PairedSummary, UtteranceComparison

CLEAN = "clean"
"""The condition that others are compared with; without it, originals without a condition."""

_IN_AUDIO = ("voice_to_voice", "endpoint_delay", "response_delay")
_IN_TEXT = ("time_to_first_token", "time_to_last_token")

_MOST_LISTED = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceDifference:
    """One utterance on one network, measured under both conditions.

    Attributes:
        utterance: The same under every condition.
        network: Name of the network profile.
        n: Turns under the condition.
        n_against: Turns without it.
        value_ms: How much slower it is under the condition; `inf` where only the other one was
            answered, `-inf` the other way round, `None` where neither was.
    """

    utterance: str
    network: str
    n: int
    n_against: int
    value_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """How much slower turns are under a condition, utterance by utterance.

    Attributes:
        metric: Name of the latency.
        condition: Name of the condition.
        against: Name of the condition it is compared with; empty for originals.
        value_ms: The median over utterances; `None` when they do not support it.
        low_ms: Lower end of the 95 % interval.
        high_ms: Upper end.
        turns: Turns under the condition.
        turns_against: Turns without it.
        sessions: Sessions that both come from.
        utterances: Every utterance that was measured under both.
        why: Why something is missing; empty when nothing is.
    """

    metric: str
    condition: str
    against: str
    value_ms: float | None
    low_ms: float | None
    high_ms: float | None
    turns: int
    turns_against: int
    sessions: int
    utterances: tuple[UtteranceDifference, ...]
    why: str = ""


def conditions(turns: Iterable[TurnRecord]) -> list[str]:
    """Return the conditions that turns were measured under, the one to compare with first.

    Empty when all speech was original.
    """
    found = sorted({turn.condition for turn in turns}, key=lambda name: (name != CLEAN, name))
    return found if any(found) else []


def paired_differences(metric: Metric, turns: Sequence[TurnRecord]) -> list[PairedDifference]:
    """Compare every condition with the clean one; nothing where there is no clean speech.

    Args:
        metric: A latency of turns.
        turns: All turns of a run.
    """
    names = conditions(turns)
    if not names or names[0] not in (CLEAN, ""):
        return []
    return [_compare(metric, turns, name, names[0]) for name in names[1:]]


def paired_summary(turns: Sequence[TurnRecord]) -> tuple[PairedSummary, ...]:
    """Return the comparisons of a run as its summary states them; empty where there are none."""
    first = headline_of(turns)
    names = _IN_TEXT if first.in_text else _IN_AUDIO
    found = [
        difference for name in names for difference in paired_differences(BY_NAME[name], turns)
    ]
    return tuple(_summary(one) for one in found if one.utterances or one.metric == first.name)


def _summary(found: PairedDifference) -> PairedSummary:
    # One by one the utterances are listed for the headline.
    listed = found.utterances if found.metric in (_IN_AUDIO[0], _IN_TEXT[0]) else ()
    return PairedSummary(
        condition=found.condition,
        against=found.against,
        metric=found.metric,
        unit="ms",
        value=rounded(found.value_ms),
        low=rounded(found.low_ms),
        high=rounded(found.high_ms),
        utterances=len(found.utterances),
        unanswered=sum(not _answered(one) for one in found.utterances),
        turns=found.turns,
        turns_against=found.turns_against,
        sessions=found.sessions,
        each=tuple(_comparison(one) for one in listed[:_MOST_LISTED]),
        why=found.why,
    )


def _answered(one: UtteranceDifference) -> bool:
    return one.value_ms is not None and not math.isinf(one.value_ms)


def _comparison(one: UtteranceDifference) -> UtteranceComparison:
    value, why = one.value_ms, ""
    if value is None:
        why = "no answer within the limit under either condition"
    elif math.isinf(value):
        which = "under the condition" if value > 0 else "without it"
        value, why = None, f"no answer within the limit {which}"
    return UtteranceComparison(
        utterance=one.utterance,
        network=one.network,
        n=one.n,
        n_against=one.n_against,
        value=rounded(value),
        why=why,
    )


def _compare(
    metric: Metric, turns: Sequence[TurnRecord], condition: str, against: str
) -> PairedDifference:
    pairs = _pairs(metric, turns, condition, against)
    counts = np.bincount(pairs.cells, minlength=2 * len(pairs.keys)).reshape(-1, 2)
    each = differences(pairs, np.ones((1, len(pairs.values))))[0] if pairs.keys else np.zeros(0)
    value_ms = low_ms = high_ms = None
    known = len(np.unique(pairs.words[~np.isnan(each)]))
    needed, fewest = turns_needed(0.5), fewest_sessions(pairs)
    if known < needed:
        why = f"needs {needed} utterances measured under both conditions, has {known}"
    elif fewest < 2:
        why = "needs more than 1 session under each condition"
    else:
        value_ms, low_ms, high_ms = interval(pairs, each, fewest)
        open_ended = None in (value_ms, low_ms, high_ms)
        why = "too many turns had no answer within the limit" if open_ended else ""
    return PairedDifference(
        metric=metric.name,
        condition=condition,
        against=against,
        value_ms=value_ms,
        low_ms=low_ms,
        high_ms=high_ms,
        turns=int(counts[:, 1].sum()),
        turns_against=int(counts[:, 0].sum()),
        sessions=len(np.unique(pairs.sessions)),
        utterances=tuple(
            UtteranceDifference(
                utterance=words,
                network=network,
                n=int(count[1]),
                n_against=int(count[0]),
                value_ms=None if math.isnan(difference) else float(difference),
            )
            for (network, words), count, difference in zip(pairs.keys, counts, each, strict=True)
        ),
        why=why,
    )


def _pairs(metric: Metric, turns: Sequence[TurnRecord], condition: str, against: str) -> Pairs:
    """Collect what was measured under both conditions."""
    sides = {against: 0, condition: 1}
    measured: list[tuple[tuple[str, str], int, float, str]] = []
    for turn in turns:
        latency, side = turn_latency(metric, turn), sides.get(turn.condition)
        if latency is not None and side is not None:
            key = (turn.network, turn.original_id or turn.utterance_id)
            value_ms = math.inf if latency.censored else latency.ms
            measured.append((key, side, value_ms, turn.session_id))
    both = [{key for key, found, _, _ in measured if found == side} for side in (0, 1)]
    keys = tuple(sorted(both[0] & both[1]))
    numbers = {key: number for number, key in enumerate(keys)}
    rows = sorted(
        (2 * numbers[key] + side, value_ms, session)
        for key, side, value_ms, session in measured
        if key in numbers
    )
    _, sessions = np.unique([session for _, _, session in rows], return_inverse=True)
    _, words = np.unique([name for _, name in keys], return_inverse=True)
    return Pairs(
        keys,
        np.array([value_ms for _, value_ms, _ in rows], dtype=np.float64),
        np.array([cell for cell, _, _ in rows], dtype=np.int64),
        sessions.astype(np.int64),
        words.astype(np.int64),
    )
