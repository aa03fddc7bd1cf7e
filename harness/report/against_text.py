"""What targets came to in the same turns, in words: the verdicts, and the result on a terminal."""

import textwrap
from collections.abc import Iterator, Sequence

from harness.errors import sanitised
from harness.model.against_document import (
    AgainstDocument,
    LatencyDifference,
    TargetComparison,
    TargetFindings,
)
from harness.model.summary import MetricSummary, PercentileSummary
from harness.report.formatting import MISSING, counted, money, number, percent, signed
from harness.report.summary_view import HEADLINE, quantiles
from harness.report.table import WIDTH

_LABEL = 17
_SHORT_CHARS = 26
_NOT_AT_ALL = {
    "absent": "no record",
    "other words": "other words",
    "void": "spoiled by us",
    "no_reply": "no reply",
    "broken_off": "broken off",
    "completed": "answered",
}


def comparison_text(found: AgainstDocument) -> str:
    """Return the result as lines of text, the validity and the verdicts first."""
    lines: list[str] = []
    for label, words in _facts(found):
        lines += textwrap.wrap(
            words, WIDTH, initial_indent=label.ljust(_LABEL), subsequent_indent=" " * _LABEL
        )
    return "\n".join(lines)


def _facts(found: AgainstDocument) -> Iterator[tuple[str, str]]:
    reasons = "; ".join(map(sanitised, found.reasons))
    yield "validity", f"{found.state}: {reasons}" if reasons else str(found.state)
    for one in found.comparisons:
        yield "verdict", verdict(one)
        if words := unpaired(one):
            yield "not compared", words
    for target in found.targets:
        yield "target", f"{sanitised(target.name)}: {'; '.join(_target(target))}"


def verdict(found: TargetComparison) -> str:
    """Return the verdict on a target as a sentence without a full stop."""
    target, against = sanitised(found.target), sanitised(found.against)
    headline = found.voice_to_voice
    said, calls = counted(headline.n, "utterance"), counted(headline.calls, "call")
    same = f"in the median, on the same {said} in {calls}"
    if found.verdict == "inconclusive":
        size = "" if headline.value is None else f" {difference(headline)} {same}"
        words = [f"inconclusive: {target} against {against}{size}"]
        words += [sanitised(found.why)] if found.why else []
        if found.more_turns is not None:
            more = counted(found.more_turns, "further turn")
            words.append(f"about {more} with each would settle it if the difference stayed")
        return "; ".join(words)
    faster = found.verdict == "faster"
    value, low, high = (
        None if one is None else -one if faster else one
        for one in (headline.value, headline.low, headline.high)
    )
    if faster:
        low, high = high, low
    size = MISSING if value is None else number(value)
    ends = ", ".join(MISSING if one is None else number(one) for one in (low, high))
    return f"{target} is {found.verdict} than {against} by {size} ms [{ends}] {same}"


def difference(found: LatencyDifference) -> str:
    """Return a difference with its interval, a dash where it is not known."""
    if found.value is None:
        return MISSING
    ends = ", ".join(MISSING if one is None else signed(one) for one in (found.low, found.high))
    return f"{signed(found.value)} ms [{ends}]"


def unpaired(found: TargetComparison) -> str:
    """Return the turns that are in no comparison, and those that count as at least the limit."""
    target, against = sanitised(found.target), sanitised(found.against)
    words = [
        f"{counted(one.n, 'turn')}: {outcome(one.status)} with {target},"
        f" {outcome(one.status_against)} with {against}"
        for one in found.unpaired
    ]
    headline = found.voice_to_voice
    words += [
        f"(compared as at least the limit: {counted(n, 'turn')} without an answer of {name})"
        for n, name in ((headline.no_answer, target), (headline.no_answer_against, against))
        if n
    ]
    return "; ".join(words)


def short(name: str) -> str:
    """Return a target's name as the head of a column can hold it."""
    shown = sanitised(name)
    if len(shown) <= _SHORT_CHARS:
        return shown
    # Addresses and variants differ at their ends.
    return f"{shown[: _SHORT_CHARS // 2]}…{shown[-(_SHORT_CHARS // 2 - 1) :]}"


def row_names(targets: Sequence[TargetFindings]) -> dict[str, str]:
    """Return targets' names as rows are called, by the names themselves: short if they differ."""
    found = {one.name: short(one.name) for one in targets}
    is_clear = len(set(found.values())) == len(found)
    return found if is_clear else {name: sanitised(name) for name in found}


def outcome(status: str) -> str:
    """Return how a turn ended, in words."""
    return _NOT_AT_ALL.get(status, status.replace("_", " "))


def parties(found: TargetFindings) -> str:
    """Return by whose fault turns went wrong; empty where none did."""
    return ", ".join(
        f"{number(count, 0)} {sanitised(party)}" for party, count in found.failures_by_party.items()
    )


def word_errors(found: TargetFindings) -> tuple[str, str]:
    """Return the word error rate and its interval, or a dash and why."""
    rate = found.understanding
    if rate is None:
        return MISSING, "no transcripts told"
    if rate.value is None:
        return MISSING, sanitised(rate.why)
    ends = [MISSING if one is None else percent(one) for one in (rate.low, rate.high)]
    return percent(rate.value), f"{ends[0]} to {ends[1]}"


def cost(found: TargetFindings) -> tuple[str, str]:
    """Return the cost of a minute and what it rests on, or a dash and why."""
    spent = found.cost
    if spent.per_minute is None:
        return MISSING, sanitised(spent.why) or "not known"
    part = ", in part" if spent.partial else ""
    return money(spent.per_minute, sanitised(spent.currency)), f"from {spent.basis}{part}"


def percentile(found: PercentileSummary) -> tuple[str, str]:
    """Return a percentile and its interval, or a dash and why."""
    if found.value is None:
        if found.low is not None:
            return f"≥ {number(found.low)}", sanitised(found.why)
        return MISSING, sanitised(found.why)
    if found.low is None:
        return number(found.value), ""
    high = "or more" if found.high is None else f"to {number(found.high)}"
    return number(found.value), f"{number(found.low)} {high}"


def _target(found: TargetFindings) -> Iterator[str]:
    yield _percentiles(found.metrics)
    failed = found.failure_rate
    fault = f" ({parties(found)})" if found.failures_by_party else ""
    yield f"{number(failed.failed, 0)} of {counted(failed.n, 'turn')} failed{fault}"
    price, basis = cost(found)
    yield f"{price} a minute, {basis}" if price != MISSING else f"cost not known: {basis}"
    if found.understanding is not None:
        yield f"word errors {word_errors(found)[0]}"


def _percentiles(metrics: dict[str, MetricSummary]) -> str:
    words = []
    for name, one in quantiles(metrics, HEADLINE).items():
        value, under = percentile(one)
        words.append(f"{name} {value} [{under}]" if one.value is not None else f"{name} {value}")
    return f"{', '.join(words)} ms"
