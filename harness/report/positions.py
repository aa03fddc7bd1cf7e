"""Latency by the turn's position in its call: what a growing context does."""

from collections.abc import Mapping

from harness.errors import sanitised
from harness.model.summary import PercentileSummary, StratumSummary, Summary
from harness.report import svg
from harness.report.blocks import Part, Section
from harness.report.figure_sections import both_widths
from harness.report.sections import strata_table
from harness.report.summary_view import by_position, headline, headline_title, quantile

_HEIGHT_PX = 260
_DRAWN = ("p50", "p95")
_SAYS = (
    (
        "The context grows with every turn. Where latency grows with it, a mean call length hides"
        " what long calls meet. Few turns at a late position are the long calls only."
    ),
)


def section(summary: Summary) -> list[Section]:
    """Return the section; nothing where every call has one turn."""
    found = by_position(summary)
    if not found:
        return []
    parts: list[Part] = [
        strata_table("Position", {f"turn {name}": part for name, part in found.items()})
    ]
    if len(_known(found, "p50")) > 1:
        parts.append(
            both_widths(
                lambda width: _figure(found, width),
                caption="Dot: the percentile. Bar: its 95 % interval.",
            )
        )
    title = f"{headline_title(summary.metrics)} by position in the call"
    return [Section(id="positions", title=title, says=_SAYS, parts=tuple(parts))]


def _known(
    found: Mapping[str, StratumSummary], name: str
) -> list[tuple[int, float, PercentileSummary]]:
    """Return the place of each position that has the percentile, its value, and all of it."""
    known = []
    for place, part in enumerate(found.values()):
        one = quantile(part.metrics, headline(part.metrics), name)
        if one.value is not None:
            known.append((place, one.value, one))
    return known


def _figure(found: Mapping[str, StratumSummary], width_px: int) -> str:
    with svg.styled():
        figure, axes = svg.canvas(width_px, _HEIGHT_PX)
        for index, name in enumerate(_DRAWN):
            colour, marker, dash = svg.series(index)
            known = _known(found, name)
            if not known:
                continue
            for place, _, one in known:
                if one.low is not None and one.high is not None:
                    axes.plot([place] * 2, [one.low, one.high], color=colour, lw=6, alpha=0.3)
            axes.plot(
                [place for place, _, _ in known],
                [value for _, value, _ in known],
                color=colour,
                marker=marker,
                ls=dash,
                lw=1.4,
                label=name.upper(),
            )
        axes.set_ylim(bottom=min(0.0, axes.dataLim.y0 * 1.08))
        axes.set_xlim(-0.5, len(found) - 0.5)
        axes.set_xticks(range(len(found)), [sanitised(name) for name in found])
        axes.grid(visible=False, axis="x")
        axes.set_xlabel("turn of the call")
        axes.set_ylabel("latency, ms")
        svg.legend_above(axes, len(_DRAWN))
        return svg.export(
            figure,
            name=f"positions-{width_px}",
            label="P50 and P95 of the latency by position of the turn in its call",
        )
