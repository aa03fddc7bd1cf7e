"""Whether the caller was understood, on the page and in the table."""

from collections.abc import Sequence

from harness.errors import sanitised
from harness.model.summary import Summary
from harness.model.understanding import UnderstoodSummary
from harness.report.blocks import Facts, Section
from harness.report.formatting import MISSING, counted, number


def section(summary: Summary) -> list[Section]:
    """Return the section of word error rates; none where the API told no transcripts."""
    pairs = tuple(facts(summary))
    says = (
        (
            "Word error rate: words that the API's transcript of the caller has otherwise than the"
            " corpus' own, leaves out or adds, without case and punctuation, with its 95 %"
            " interval over sessions. A transcript that came after the call is not in it."
        ),
    )
    parts = (Facts(pairs=pairs),)
    told = Section(id="understood", title="Was the caller understood?", says=says, parts=parts)
    return [told] if pairs else []


def facts(summary: Summary) -> list[tuple[str, str]]:
    """Return the rate of the run and of each stratum, as label and sentence."""
    return [(_label(one), _words(one)) for one in summary.understanding]


def _label(one: UnderstoodSummary) -> str:
    named: Sequence[str] = [sanitised(value or "clean") for value in one.by.values()]
    return f"word errors, {', '.join(named)}" if named else "word errors"


def _words(one: UnderstoodSummary) -> str:
    told = MISSING if one.value is None else f"{number(100 * one.value, 1)} %"
    if one.low is not None:
        high = "…" if one.high is None else number(100 * one.high, 1)
        told += f" [{number(100 * one.low, 1)}, {high}]"
    words = f"{told} over {counted(one.n, 'turn')} of {counted(one.sessions, 'session')}"
    untold = f", {counted(one.untold, 'turn')} without a transcript" if one.untold else ""
    return words + untold
