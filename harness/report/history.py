"""The history of a target on the page: every run's percentiles, and where their level changed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.analysis.history.series import Series
from harness.errors import sanitised
from harness.report import svg
from harness.report.blocks import Section, Table
from harness.report.figure_sections import both_widths
from harness.report.formatting import MINUS, MISSING, counted, number, percent

_HEIGHT_PX = 300
_SAYS = (
    (
        "Runs like this one, in the order they were made. A step is a change of level that is"
        " clear of the noise of the runs and at least 3 %; it may show some runs late."
    ),
    "A gate looks at one change at a time; this shows what the small ones add up to.",
)


def section(found: Sequence[Series], run_id: str) -> list[Section]:
    """Return the section; nothing without a history of runs like this one.

    Args:
        found: The series of each percentile, over runs with this one's fingerprint.
        run_id: This run, which is marked where it is among them.
    """
    drawn = [series for series in found if series.values]
    if not drawn:
        return []
    figure = both_widths(
        lambda width: _levels(drawn, run_id, width),
        caption="Each dot is a run, each line the level of its percentile; this run has a ring.",
    )
    return [
        Section(
            id="history",
            title="History",
            says=_SAYS,
            parts=(figure, _table(drawn)),
        )
    ]


def _levels(found: Sequence[Series], run_id: str, width_px: int) -> str:
    with svg.styled():
        figure, axes = svg.canvas(width_px, _HEIGHT_PX)
        for index, series in enumerate(found):
            colour, marker, dash = svg.series(index)
            at = np.arange(len(series.values))
            axes.plot(at, series.values, color=colour, marker=marker, ls="none", alpha=0.7)
            edges = [0, *(change.index for change in series.changes), len(series.values)]
            levels = _levels_of(series)
            for begin, end, level in zip(edges, edges[1:], levels, strict=False):
                label = series.subject.rpartition(" ")[2] if begin == 0 else None
                ends = [begin - 0.4, end - 0.6]
                axes.plot(ends, [level, level], color=colour, ls=dash, lw=2, label=label)
            for number_, run in enumerate(series.runs):
                if run.run_id == run_id:
                    look: dict[str, Any] = {
                        "marker": "o",
                        "markersize": 13,
                        "markerfacecolor": "none",
                    }
                    axes.plot([number_], [series.values[number_]], color=svg.INK, **look)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("runs")
        axes.set_ylabel("ms")
        svg.legend_above(axes, len(found))
        return svg.export(
            figure,
            name=f"history-{width_px}",
            label="Percentiles of every run of the history, with the level that each had",
        )


def _levels_of(series: Series) -> list[float]:
    if not series.changes:
        level = series.level
        return [] if level is None else [level[1]]
    return [series.changes[0].before, *(change.after for change in series.changes)]


def _table(found: Sequence[Series]) -> Table:
    rows = []
    for series in found:
        level = series.level
        assert level is not None
        first, value = level
        since = sanitised(series.runs[first].run_id)
        rows.append((series.subject, "level", since, number(value), MISSING))
        for change, accepted in zip(series.changes, series.accepted, strict=True):
            said = "not accepted" if accepted is None else f"accepted: {sanitised(accepted.note)}"
            named = sanitised(series.runs[change.index].run_id)
            rows.append((series.subject, said, named, number(change.after), _signed(change.ratio)))
    return Table(
        title="Levels and changes of level",
        head=("Percentile", "What", "Since", "ms", "Change"),
        rows=tuple(rows),
        words=3,
        notes=(f"{counted(max(len(series.values) for series in found), 'run')} like this one.",),
    )


def _signed(ratio: float) -> str:
    return f"{'+' if ratio >= 0 else MINUS}{percent(abs(ratio))}"
