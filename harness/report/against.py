"""The page of several targets that were held with the same words, from its document alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.analysis import BY_NAME
from harness.errors import sanitised
from harness.model.against_document import (
    AgainstDocument,
    LatencyDifference,
    TargetComparison,
    UtteranceFindings,
)
from harness.recording import replace_file
from harness.report import against_text
from harness.report.against_targets import by_target
from harness.report.blocks import Card, Cell, Facts, Part, Section, Table, Text
from harness.report.dumbbells import dumbbells
from harness.report.figure_sections import both_widths
from harness.report.forest import forest_plot
from harness.report.formatting import MISSING, counted, moment, number, signed
from harness.report.markdown import as_markdown
from harness.report.page import Page, as_html
from harness.report.summary_view import HEADLINE, quantiles

_STATES = {
    "VALID": "The instrument was fit in all runs: the numbers can be used.",
    "DEGRADED": "The numbers can be used with care. What speaks against them:",
    "INVALID": "Do not use these numbers: they say more about these runs than about the targets.",
}
_DRAWN, _LISTED = 20, 30
_SAYS = (
    (
        "The same caller said the same words at the same point of a call to every target. A turn's"
        " difference is that of its two latencies; what stands here is the median over turns."
        " Above zero the target is slower than the first one."
    ),
    (
        "The small numbers are 95 % intervals over calls (bootstrap of whole planned calls). They"
        " hold for these runs, and cannot see how targets differ from one day to the next."
    ),
)


def write_comparison(folder: Path, found: AgainstDocument) -> Path:
    """Write `against.html` and `against.md` into a folder; return the page.

    Raises:
        BadInput: A file cannot be written.
    """
    page, path = page_of(found), folder / "against.html"
    replace_file(path, as_html(page).encode())
    replace_file(folder / "against.md", as_markdown(page).encode())
    return path


def page_of(found: AgainstDocument) -> Page:
    """Return what the page shows, from the top down."""
    names = [sanitised(target.name) for target in found.targets]
    loud: tuple[str, ...] = ()
    if found.corpus.synthetic:
        loud = ("Synthetic speech: no person said what these callers say.",)
    return Page(
        title=f"{' and '.join(names[1:])} against {names[0]}",
        subtitle=_subtitle(found),
        state=str(found.state),
        verdict=_STATES[found.state],
        reasons=tuple(sanitised(reason) for reason in found.reasons),
        loud=loud,
        cards=tuple(_cards(found)),
        sections=(
            _difference(found),
            *(_utterances(one, place) for place, one in enumerate(found.comparisons, start=1)),
            *by_target(found),
            _not_compared(found),
            _method(found),
        ),
        defined=("difference", "latency"),
        footer=f"Written by harness from {found.schema}: against.json beside this page.",
    )


def _subtitle(found: AgainstDocument) -> str:
    held = (
        f"Scenario {sanitised(found.scenario)}, {counted(found.rounds, 'round')} in turns, begun"
        f" {moment(found.started_at)}."
    )
    if found.state == "INVALID":
        return held
    return f"{held} {' '.join(f'{_capital(against_text.verdict(c))}.' for c in found.comparisons)}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:] if words.startswith("inconclusive") else words


def _cards(found: AgainstDocument) -> Sequence[Card]:
    cards = []
    for one in found.comparisons:
        headline = one.voice_to_voice
        value = MISSING if headline.value is None else signed(headline.value)
        cards.append(
            Card(
                label=f"{against_text.short(one.target)} against {against_text.short(one.against)}",
                value=value,
                unit="" if headline.value is None else "ms",
                under=f"{one.verdict}; {_ends(headline) or sanitised(headline.why)}",
            )
        )
    for target in found.targets:
        middle = quantiles(target.metrics, HEADLINE)["P50"]
        value, under = against_text.percentile(middle)
        unit = "" if value == MISSING else "ms"
        label = f"P50 {against_text.short(target.name)}"
        cards.append(Card(label=label, value=value, unit=unit, under=under))
    return cards


def _ends(found: LatencyDifference) -> str:
    if found.value is None:
        return ""
    low, high = (MISSING if one is None else signed(one) for one in (found.low, found.high))
    return f"{low} to {high}"


@dataclass(frozen=True, slots=True)
class _Row:
    """A comparison as the forest draws it."""

    value: float | None
    low: float | None
    high: float | None
    each: tuple[UtteranceFindings, ...]


def _difference(found: AgainstDocument) -> Section:
    parts: list[Part] = []
    rows, names = dict[str, _Row](), against_text.row_names(found.targets)
    for one in found.comparisons:
        parts += [Text(text=f"{_capital(against_text.verdict(one))}."), _latencies(one)]
        headline = one.voice_to_voice
        row = _Row(headline.value, headline.low, headline.high, one.each)
        if any(each.value is not None for each in one.each):
            rows[names[one.target]] = row
    if rows:
        parts.append(
            both_widths(
                lambda width: forest_plot(
                    rows,
                    width_px=width,
                    axis=f"ms slower than {against_text.short(found.targets[0].name)}",
                    by="by target",
                    first=1,
                ),
                "Dot: one utterance. Line: the median over turns. Bar: its 95 % interval.",
            )
        )
    parts.append(_rounds(found))
    return Section(id="difference", title="The same turns", says=_SAYS, parts=tuple(parts))


def _latencies(found: TargetComparison) -> Table:
    title = f"Differences of {sanitised(found.target)} against {sanitised(found.against)}"
    return Table(
        title=title,
        head=("Latency", "Turns", "Calls", "Difference, ms", "No answer"),
        rows=tuple(_latency(one) for one in (found.voice_to_voice, *found.others)),
        notes=tuple(
            f"{BY_NAME[one.metric].title}: {sanitised(one.why)}."
            for one in (found.voice_to_voice, *found.others)
            if one.why
        ),
    )


def _latency(found: LatencyDifference) -> tuple[Cell, ...]:
    lost = number(found.no_answer, 0), f"against {number(found.no_answer_against, 0)}"
    return (
        BY_NAME[found.metric].title,
        number(found.n, 0),
        number(found.calls, 0),
        _size(found),
        lost,
    )


def _size(found: LatencyDifference) -> Cell:
    return MISSING if found.value is None else (signed(found.value), _ends(found))


def _rounds(found: AgainstDocument) -> Table:
    rows = [
        (f"Round {number_}", *(_size(one.rounds[number_ - 1]) for one in found.comparisons))
        for number_ in range(1, found.rounds + 1)
    ]
    return Table(
        title="Voice to voice by round",
        head=("Round", *(f"{against_text.short(one.target)}, ms" for one in found.comparisons)),
        rows=tuple(rows),
        notes=(
            (
                "Voice to voice of each round by itself: rounds that disagree by more than their"
                " intervals mean that something drifted."
            ),
        ),
    )


def _utterances(found: TargetComparison, place: int) -> Section:
    target, against = against_text.short(found.target), against_text.short(found.against)
    says = (
        "The largest difference first. What was not answered within the limit comes before all.",
        (
            "An utterance that was said several times stands with the medians of its turns: of"
            f" {target}, and small, of {against}."
        ),
    )
    table = Table(
        title=f"Utterances with {target} and {against}",
        head=("Utterance", "Words", "Said", "Median, ms", "Difference, ms"),
        rows=tuple(_utterance(one) for one in found.each[:_LISTED]),
        words=2,
        notes=_left_out(found),
    )
    parts: list[Part] = [table]
    if found.each:
        figure = both_widths(
            lambda width: dumbbells(
                found.each[:_DRAWN], names=(against, target), place=place, width_px=width
            ),
            f"The {min(_DRAWN, len(found.each))} largest differences of"
            f" {counted(len(found.each), 'utterance')}.",
        )
        parts = [figure, table]
    return Section(
        id=f"utterances-{place}",
        title=f"Utterance by utterance: {target}",
        says=says,
        parts=tuple(parts),
    )


def _utterance(found: UtteranceFindings) -> tuple[Cell, ...]:
    ms, against = (MISSING if one is None else number(one) for one in (found.ms, found.against_ms))
    value = MISSING if found.value is None else signed(found.value)
    words = sanitised(found.transcript) or MISSING
    medians = ms, f"against {against}"
    return sanitised(found.utterance), words, number(found.n, 0), medians, value


def _left_out(found: TargetComparison) -> tuple[str, ...]:
    left = len(found.each) - _LISTED
    return (f"{counted(left, 'utterance')} more in against.json.",) if left > 0 else ()


def _not_compared(found: AgainstDocument) -> Section:
    rows = tuple(
        (
            against_text.short(one.target),
            against_text.outcome(left.status),
            against_text.outcome(left.status_against),
            ", ".join(map(sanitised, left.utterances)) or MISSING,
            number(left.n, 0),
        )
        for one in found.comparisons
        for left in one.unpaired
    )
    first = against_text.short(found.targets[0].name)
    says = (
        (
            "Turns that were planned and are in no difference. One without an answer of one target"
            " only is not among them: it counts as at least the limit."
        ),
    )
    head = ("Target", "With it", f"With {first}", "Among them", "Turns")
    parts: tuple[Part, ...] = (Text(text="Every planned turn was compared."),)
    if rows:
        parts = (Table(title="Turns that were not compared", head=head, rows=rows, words=4),)
    return Section(id="left", title="Not compared", says=says, parts=parts)


def _method(found: AgainstDocument) -> Section:
    bounds = {
        sanitised(one.target): one.error_bound_ms
        for one in found.comparisons
        if one.error_bound_ms is not None
    }
    known = "; ".join(f"{name} {number(bound)} ms" for name, bound in bounds.items()) or MISSING
    pairs = [
        ("Rounds", f"{found.rounds} of {found.rounds_planned} planned; each has a seed of its own"),
        ("Pairs", "turns of the same round, call and place, in which the same words were said"),
        ("Censoring", "a turn without an answer took at least the limit, and ranks beyond all"),
        ("Interval", "whole planned calls drawn again, with the turns of both targets; 95 %"),
        ("Verdict", "faster or slower where the interval lies beyond the error of a turn"),
        ("Error of a turn", f"at most, in the median over turns: {known}"),
    ]
    return Section(
        id="method", title="How it is computed", says=(), parts=(Facts(pairs=tuple(pairs)),)
    )
