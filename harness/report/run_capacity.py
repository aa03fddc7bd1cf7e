"""What a capacity search found, on the page of a run: card, curve, and what it is worth."""

from collections.abc import Iterator

from matplotlib.ticker import MaxNLocator

from harness.errors import sanitised
from harness.model.capacity_document import CapacityDocument, CapacityWorth, FoundLimit
from harness.report import svg
from harness.report.blocks import Card, Facts, Part, Section
from harness.report.figure_sections import both_widths
from harness.report.formatting import MISSING, number, percent

_HEIGHT_PX = 300
_SAYS = (
    "The largest number of held calls that met every objective, by a search of its own.",
    (
        "Points: measured steps. Line: the fit. Level lines: the share of turns that may miss each"
        " objective. Band: the limit's 95 % interval."
    ),
)


def card(found: CapacityDocument) -> Card:
    """Return the limit as one of the main numbers."""
    limit = found.limit
    if limit is None:
        return Card(label="Held calls", value=MISSING, under="the search found no limit")
    if limit.calls is None:
        return Card(
            label="Held calls",
            value=f"≥ {number(limit.most_held, 0)}",
            under="no load measured misses an objective",
        )
    return Card(label="Held calls", value=number(limit.calls, 0), under=f"95 %: {_interval(limit)}")


def section(found: CapacityDocument, worth: CapacityWorth | None) -> Section:
    """Return curve and facts."""
    parts: list[Part] = []
    if found.curves:
        parts.append(both_widths(lambda width: _figure(found, width)))
    parts.append(Facts(pairs=tuple(_facts(found, worth))))
    return Section(id="capacity", title="Capacity", says=_SAYS, parts=tuple(parts))


def _interval(limit: FoundLimit) -> str:
    high = "not known" if limit.high is None else number(limit.high, 0)
    return f"{number(limit.low, 0)} to {high}"


def _facts(found: CapacityDocument, worth: CapacityWorth | None) -> Iterator[tuple[str, str]]:
    yield "Result", sanitised(found.sentence)
    if found.limit is not None and found.limit.missed_first:
        yield "Missed first", sanitised(found.limit.missed_first)
    if found.boundary is not None:
        yield "Boundary", f"{sanitised(found.boundary.kind)}: {sanitised(found.boundary.why)}"
    if worth is not None:
        yield (
            "Worth",
            (
                f"{number(worth.calls_per_hour, 0)} calls an hour on one instance, with"
                f" {percent(worth.blocking)} of them finding no place: Erlang B with"
                f" {number(worth.places, 0)} places, the lower end of the interval, and the mean"
                f" call of this run, {number(worth.call_s)} s. More with harness size."
            ),
        )
    for name, words in found.search.items():
        yield f"Search: {sanitised(name)}", sanitised(words)
    for note in found.notes:
        yield "Note", sanitised(note)


def _figure(found: CapacityDocument, width_px: int) -> str:
    limit = found.limit
    with svg.styled():
        figure, axes = svg.canvas(width_px, _HEIGHT_PX)
        for index, curve in enumerate(found.curves):
            colour, marker, dash = svg.series(index)
            missed = [100 * share for share in curve.missed]
            fitted = [100 * share for share in curve.fitted]
            label = sanitised(curve.objective)
            axes.plot(curve.calls, missed, color=colour, marker=marker, ls="none", label=label)
            axes.plot(curve.calls, fitted, color=colour, ls=dash, lw=1.6)
            axes.axhline(100 * curve.allowed, color=colour, lw=1, alpha=0.6)
        if limit is not None and limit.calls is not None:
            right = limit.high if limit.high is not None else axes.dataLim.x1
            axes.axvspan(limit.low - 0.1, right + 0.1, color=svg.MUTED, alpha=0.2, lw=0)
            axes.axvline(limit.calls, color=svg.INK, lw=1.2)
        axes.set_xlabel("held calls")
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel("missed, % of turns")
        svg.sentences_above(axes)
        return svg.export(
            figure,
            name=f"held-{width_px}",
            label="Share of turns that missed each objective, over the number of held calls",
        )
