"""The same planned turns held with two targets, and by how much they differ.

A turn of one run belongs with the turn of the same call and place in the run that was drawn from
the same seed: the same caller says the same words at the same point of a conversation. What the
target does not answer in time took at least the limit, and stays.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.bootstrap import median_interval
from harness.analysis.intervals import turns_needed
from harness.analysis.metrics import BY_NAME, Metric, turn_latency
from harness.analysis.rounding import rounded
from harness.model import NS_PER_MS, Run, TurnRecord
from harness.model.against_document import LatencyDifference, UnpairedTurns, UtteranceFindings

ABSENT = "absent"
"""In place of a status: there is no record of such a turn."""

OTHER_WORDS = "other words"
"""In place of a status: in this turn something else was said."""

FEWEST_CALLS = 5
"""Calls that an interval needs: of fewer, how unlike they are is hardly known."""

HEADLINE = BY_NAME["voice_to_voice"]
_MOST_NAMED = 5

Planned = tuple[int, str, int]
"""Round, session and place of a turn in it."""


@dataclass(frozen=True, slots=True)
class TurnPair:
    """One planned turn with both targets.

    Attributes:
        call: Round and session, which all turns of a planned call share.
        turn: With the target.
        against: With the one that it is compared with.
    """

    call: tuple[int, str]
    turn: TurnRecord
    against: TurnRecord


@dataclass(frozen=True, slots=True)
class Pairing:
    """What became of all planned turns of two targets.

    Attributes:
        pairs: Those that can be compared.
        unpaired: The others, the most frequent first.
    """

    pairs: tuple[TurnPair, ...]
    unpaired: tuple[UnpairedTurns, ...]


def pair_turns(rounds: Sequence[tuple[Run, Run]]) -> Pairing:
    """Put the turns of two targets together.

    Args:
        rounds: Of each round, the run of the target and that of the one it is compared with.
    """
    sides = [_by_plan([both[side] for both in rounds]) for side in (0, 1)]
    pairs: list[TurnPair] = []
    left: dict[tuple[str, str], list[str]] = defaultdict(list)
    for place in sorted({*sides[0], *sides[1]}):
        turn, against = (side.get(place) for side in sides)
        if turn is None or against is None or _difference_ms(HEADLINE, turn, against) is None:
            said = turn or against
            assert said is not None
            left[_status(turn), _status(against)].append(said.utterance_id)
        elif _said(turn) != _said(against):
            left[OTHER_WORDS, OTHER_WORDS].append(against.utterance_id)
        else:
            pairs.append(TurnPair(place[:2], turn, against))
    ordered = sorted(left.items(), key=lambda entry: -len(entry[1]))
    return Pairing(tuple(pairs), tuple(_unpaired(*entry) for entry in ordered))


def latency_difference(metric: Metric, pairs: Sequence[TurnPair]) -> LatencyDifference:
    """Return by how much slower turns are with the target, in the median.

    Args:
        metric: A latency of turns.
        pairs: Those without it on either side are left out.
    """
    found = [
        (one, difference)
        for one in pairs
        if (difference := _difference_ms(metric, one.turn, one.against)) is not None
    ]
    each = np.array([difference for _, difference in found], dtype=np.float64)
    numbers: dict[tuple[int, str], int] = {}
    clusters = [numbers.setdefault(one.call, len(numbers)) for one, _ in found]
    value = low = high = None
    if len(found) < turns_needed(0.5):
        why = f"needs {turns_needed(0.5)} turns measured with both, has {len(found)}"
    elif len(numbers) < FEWEST_CALLS:
        why = f"needs {FEWEST_CALLS} calls held with both, has {len(numbers)}"
    else:
        value, low, high = median_interval(each, np.array(clusters, dtype=np.int64))
        open_ended = None in (value, low, high)
        why = "too many turns had no answer within the limit" if open_ended else ""
    return LatencyDifference(
        metric=metric.name,
        n=len(found),
        calls=len(numbers),
        no_answer=int(np.isposinf(each).sum()),
        no_answer_against=int(np.isneginf(each).sum()),
        value=rounded(value),
        low=rounded(low),
        high=rounded(high),
        why=why,
    )


def error_bound_ms(pairs: Sequence[TurnPair]) -> float | None:
    """Return by how much a turn may be wrong through us, in the median; `None` for not known.

    Args:
        pairs: Of each, the side that may be more so counts.
    """
    both = ((one.turn.error_bound_ns, one.against.error_bound_ns) for one in pairs)
    known = [max(mine, theirs) for mine, theirs in both if mine is not None and theirs is not None]
    return rounded(float(np.median(known)) / NS_PER_MS) if known else None


def by_utterance(
    pairs: Sequence[TurnPair], transcripts: dict[str, str]
) -> tuple[UtteranceFindings, ...]:
    """Return what every utterance came to, the largest difference first.

    Args:
        pairs: As `pair_turns` found them.
        transcripts: The words of utterances, by their ids, as far as they are known.
    """
    said: dict[tuple[str, str], list[TurnPair]] = defaultdict(list)
    for one in pairs:
        said[one.turn.utterance_id, one.turn.network].append(one)
    found = [_utterance(*key, each, transcripts) for key, each in said.items()]
    return tuple(sorted(found, key=_smallness))


def _by_plan(runs: Sequence[Run]) -> dict[Planned, TurnRecord]:
    return {
        (number, turn.session_id, turn.turn_index): turn
        for number, run in enumerate(runs)
        for turn in run.turns
    }


def _said(turn: TurnRecord) -> tuple[str, str, str]:
    return turn.utterance_id, turn.condition, turn.network


def _status(turn: TurnRecord | None) -> str:
    return ABSENT if turn is None else str(turn.status)


def _unpaired(statuses: tuple[str, str], utterances: list[str]) -> UnpairedTurns:
    named = list(dict.fromkeys(filter(None, utterances)))
    return UnpairedTurns(
        status=statuses[0],
        status_against=statuses[1],
        n=len(utterances),
        utterances=tuple(named[:_MOST_NAMED]),
    )


def _latency_ms(metric: Metric, turn: TurnRecord) -> float | None:
    """Return a latency, `inf` for at least the limit, `None` where a turn has none."""
    found = turn_latency(metric, turn)
    if found is None:
        return None
    return math.inf if found.censored else found.ms


def _difference_ms(metric: Metric, turn: TurnRecord, against: TurnRecord) -> float | None:
    """Return how much slower a turn is, infinite where one side has no answer.

    `None` where a side has no such latency, or neither has an answer.
    """
    mine, theirs = _latency_ms(metric, turn), _latency_ms(metric, against)
    if mine is None or theirs is None or mine == theirs == math.inf:
        return None
    return mine - theirs


def _utterance(
    utterance: str, network: str, pairs: Sequence[TurnPair], transcripts: dict[str, str]
) -> UtteranceFindings:
    ms = _median(_latencies(one.turn for one in pairs))
    against_ms = _median(_latencies(one.against for one in pairs))
    value = None if ms is None or against_ms is None else rounded(ms - against_ms)
    return UtteranceFindings(
        utterance=utterance,
        transcript=transcripts.get(utterance, ""),
        network=network,
        n=len(pairs),
        ms=ms,
        against_ms=against_ms,
        value=value,
        why="" if value is not None else "no answer within the limit in half of its turns or more",
    )


def _latencies(turns: Iterable[TurnRecord]) -> list[float]:
    found = (_latency_ms(HEADLINE, turn) for turn in turns)
    return [one for one in found if one is not None]


def _median(values: Sequence[float]) -> float | None:
    """Return the middle of values, `None` where it is not finite."""
    middle = float(np.median(values))
    return rounded(middle) if math.isfinite(middle) else None


def _smallness(found: UtteranceFindings) -> tuple[float, str]:
    """Order by the size of the difference; an utterance without an answer comes first."""
    size = math.inf if found.value is None else abs(found.value)
    return -size, found.utterance
