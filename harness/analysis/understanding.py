"""Was the caller understood? Word error rate of the API's transcripts against the corpus' own.

Words are compared without case and punctuation. The interval is that of a ratio of sums over
sessions (Cochran 1977, section 6.5), whose turns share a connection, by Student's t.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from harness.analysis.intervals import CONFIDENCE, t_quantile
from harness.analysis.rounding import RATE_DIGITS, rounded
from harness.model import CallerWords, SessionRecord
from harness.model.understanding import UnderstoodSummary

_NOT_IN_WORDS = re.compile(r"[^\w\s']|_")
Said = tuple[SessionRecord, CallerWords]


@dataclass(slots=True)
class _Counted:
    """One session's share of a stratum."""

    words: int = 0
    errors: int = 0


def understanding(sessions: Iterable[SessionRecord]) -> tuple[UnderstoodSummary, ...]:
    """Return the word error rate of the run, then by network, condition and user class.

    Nothing where the API told no transcript, or the corpus has none.
    """
    said = [(session, words) for session in sessions for words in session.caller_words]
    said = [one for one in said if normalised(one[1].said)]
    if not said:
        return ()
    strata: tuple[tuple[str, Callable[[Said], str]], ...] = (
        ("network", lambda one: one[0].network),
        ("condition", lambda one: one[1].condition),
        ("user_class", lambda one: one[0].user_class),
    )
    found = [_rate({}, said)]
    for attribute, value_of in strata:
        values = sorted({value_of(one) for one in said})
        found += [
            _rate({attribute: value}, [one for one in said if value_of(one) == value])
            for value in (values if len(values) > 1 else ())
        ]
    return tuple(found)


def normalised(text: str) -> str:
    """Return words as they are compared."""
    return " ".join(_NOT_IN_WORDS.sub(" ", text.casefold()).split())


def word_errors(said: str, understood: str) -> int:
    """Return how many words were substituted, left out or added."""
    import jiwer

    found = jiwer.process_words(normalised(said), normalised(understood))
    return int(found.substitutions + found.deletions + found.insertions)


def _rate(by: dict[str, str], said: Sequence[Said]) -> UnderstoodSummary:
    counted: dict[str, _Counted] = {}
    told = [(one, words, words.understood) for one, words in said if words.understood is not None]
    for session, spoken, understood in told:
        count = counted.setdefault(session.session_id, _Counted())
        count.words += len(normalised(spoken.said).split())
        count.errors += word_errors(spoken.said, understood)
    words = sum(count.words for count in counted.values())
    errors = sum(count.errors for count in counted.values())
    value = errors / words if words else None
    low, high, why = _interval(list(counted.values()), value)
    return UnderstoodSummary(
        by=by,
        n=len(told),
        untold=len(said) - len(told),
        sessions=len(counted),
        words=words,
        errors=errors,
        value=rounded(value, RATE_DIGITS),
        low=rounded(low, RATE_DIGITS),
        high=rounded(high, RATE_DIGITS),
        why=why,
    )


def _interval(
    counted: Sequence[_Counted], value: float | None
) -> tuple[float | None, float | None, str]:
    if value is None:
        return None, None, "no transcript was told in time"
    sessions, words = len(counted), sum(one.words for one in counted)
    if sessions < 2:
        return None, None, "needs more than 1 session: how unlike they are cannot be known"
    if value == 0:
        return 0.0, None, "no word was wrong: how far above 0 the rate may lie is not known"
    spread = sum((one.errors - value * one.words) ** 2 for one in counted)
    deviation = math.sqrt(sessions / (sessions - 1) * spread) / words
    half = t_quantile((1 + CONFIDENCE) / 2, sessions - 1) * deviation
    return max(0.0, value - half), value + half, ""
