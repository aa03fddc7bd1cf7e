"""The speech under several conditions: what each comes to, and what it does to the same words."""

from collections.abc import Iterable, Mapping, Sequence

from harness.errors import sanitised
from harness.model.summary import PairedSummary, Summary
from harness.report import figure_sections
from harness.report.blocks import Cell, Section, Table, Text
from harness.report.forest import forest_plot
from harness.report.formatting import MINUS, MISSING, condition_name, counted, difference, number
from harness.report.sections import strata_table
from harness.report.summary_view import HEADLINE, IN_TEXT, headline_title, paired

_COLUMNS = {
    HEADLINE: "Voice to voice, ms",
    "endpoint_delay": "Endpoint delay, ms",
    "response_delay": "Response delay, ms",
}
_IN_TEXT = {
    IN_TEXT: "Time to first token, ms",
    "time_to_last_token": "Time to last token, ms",
}
_SAYS = (
    (
        "The words make more difference than most conditions do. So the same utterances are"
        " compared, on the same network: an utterance's difference is that of its two medians, and"
        " what stands here is the median over utterances. Above zero the condition is slower."
    ),
    (
        "The small numbers are 95 % intervals: what other sessions and other utterances might have"
        " shown (bootstrap, clustered by both)."
    ),
)


def sections(summary: Summary) -> list[Section]:
    """Return what conditions of the speech come to; nothing where all speech was original."""
    strata = {
        condition_name(part.by["condition"]): part
        for part in summary.strata
        if set(part.by) == {"condition"}
    }
    if not strata:
        return []
    by_itself = Section(
        id="conditions",
        title=f"{headline_title(summary.metrics)} by condition of the speech",
        says=("What was done to the recordings before they were said. Each row stands by itself.",),
        parts=(strata_table("Condition", strata),),
    )
    return [by_itself, _paired(paired(summary), len(strata))]


def _paired(found: Mapping[str, Mapping[str, PairedSummary]], conditions: int) -> Section:
    title = "The same utterances under each condition"
    if not found:
        why = (
            "Nothing to compare with: no speech was original or under a condition called clean."
            if conditions > 1
            else "Nothing to compare: all speech was under the same condition."
        )
        return Section(id="paired", title=title, says=_SAYS[:1], parts=(Text(text=why),))
    columns = _IN_TEXT if any(IN_TEXT in metrics for metrics in found.values()) else _COLUMNS
    rows = tuple((_name(metrics), *_row(metrics, columns)) for metrics in found.values())
    reasons = {
        _name(metrics): sanitised(_first(metrics).why)
        for metrics in found.values()
        if _first(metrics).why
    }
    table = Table(
        title="Differences of the same utterances",
        head=("Condition", "Utterances", "Turns", *columns.values()),
        rows=rows,
        notes=tuple(f"{name}: {why}." for name, why in reasons.items()),
    )
    each = {_name(metrics): _first(metrics) for metrics in found.values()}
    drawn = {name: one for name, one in each.items() if _listed(one)}
    if not drawn:
        return Section(id="paired", title=title, says=_SAYS, parts=(table,))
    figure = figure_sections.both_widths(
        lambda width: forest_plot(drawn, width_px=width), _caption(drawn)
    )
    return Section(id="paired", title=title, says=_SAYS, parts=(table, figure))


def _first(metrics: Mapping[str, PairedSummary]) -> PairedSummary:
    """Return the comparison of the headline, which comes first."""
    return next(iter(metrics.values()))


def _name(metrics: Mapping[str, PairedSummary]) -> str:
    one = _first(metrics)
    return f"{condition_name(one.condition)} {MINUS} {condition_name(one.against)}"


def _row(metrics: Mapping[str, PairedSummary], columns: Iterable[str]) -> list[Cell]:
    one = _first(metrics)
    turns = number(one.turns, 0), f"and {number(one.turns_against, 0)}"
    row: list[Cell] = [number(one.utterances, 0), turns]
    for metric in columns:
        value, under = difference(metrics[metric]) if metric in metrics else (MISSING, "")
        row.append(value if value == MISSING else (value, under))
    return row


def _listed(one: PairedSummary) -> Sequence[float]:
    return [each.value for each in one.each if each.value is not None]


def _caption(drawn: Mapping[str, PairedSummary]) -> str:
    caption = "Dot: one utterance. Line: their median. Bar: its 95 % interval."
    unanswered = sum(one.unanswered for one in drawn.values())
    if unanswered:
        caption += f" Without {counted(unanswered, 'utterance')} that had no answer on one side."
    return caption
