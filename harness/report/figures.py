"""The four figures of a report. Each takes its data and a width and returns an SVG element."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from harness.analysis import STAGES, LoadCurve, Point, StageMeans, spectrum
from harness.model.summary import PercentileSummary
from harness.report import svg
from harness.report.formatting import MISSING, number

NARROW_PX = 500
_PERCENTILES = ((2, "P50"), (10, "P90"), (20, "P95"), (100, "P99"), (1_000, "P99.9"))
_MORE_PERCENTILES = ((10_000, "P99.99"), (100_000, "P99.999"))
_LOG_FROM_RATIO = 6.0
_ROW_PX = 22


def percentile_curve(groups: Mapping[str, Sequence[Point]], *, width_px: int) -> str:
    """Draw latency against percentile, the tail stretched: one line a network."""
    with svg.styled():
        figure, axes = svg.canvas(width_px, 360)
        highest, everything = 10.0, list[float]()
        for index, (name, drawn) in enumerate(groups.items()):
            pairs = spectrum(drawn)
            if not pairs:
                continue
            tails, values = zip(*pairs, strict=True)
            colour, _, dash = svg.series(index)
            look: dict[str, Any] = {"ls": dash, "lw": 1.8, "label": name, "gid": svg.stratum(index)}
            axes.step(tails, values, where="post", color=colour, **look)
            highest = max(highest, tails[-1])
            everything += values
        axes.set_xscale("log")
        axes.set_xlim(1, highest * 1.15)
        ticks = [t for t in (*_PERCENTILES, *_MORE_PERCENTILES) if t[0] <= highest * 1.15]
        if width_px < NARROW_PX:
            ticks = [t for t in ticks if t[0] != 10]
        axes.xaxis.set_major_locator(FixedLocator([tail for tail, _ in ticks]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([label for _, label in ticks])
        latency_axis(axes, everything)
        svg.legend_above(axes, columns_for(width_px, len(groups)))
        return svg.export(
            figure,
            name=f"curve-{width_px}",
            label="Percentile curve of the latency, one line per network",
        )


def turns_over_time(
    groups: Mapping[str, Sequence[Point]],
    *,
    duration_s: float,
    width_px: int,
    load: LoadCurve | None = None,
) -> str:
    """Draw every turn at the moment its caller stopped speaking; failures on the top edge.

    Below, where `load` is known, the sessions that were open; in both, the time before and after
    the load was at its level is shaded.
    """
    minutes = duration_s > 600
    scale = 60.0 if minutes else 1.0
    with svg.styled():
        figure, axes = svg.canvas(width_px, 340 if load is None else 450)
        lowest = axes
        if load is not None:
            lowest = svg.panel_below(figure, axes)
            _load(lowest, load, scale)
            for panel in (axes, lowest):
                _shade_outside(panel, load, scale)
        heard: list[float] = []
        handles: list[Line2D] = []
        lost: list[float] = []
        for index, (name, drawn) in enumerate(groups.items()):
            colour, marker, _ = svg.series(index)
            kept = [
                (p.at_s / scale, p.latency_ms)
                for p in drawn
                if p.at_s is not None and p.latency_ms is not None
            ]
            lost += [p.at_s / scale for p in drawn if p.at_s is not None and p.latency_ms is None]
            look = _marks(colour, marker, 0)
            handles.append(Line2D([], [], label=name, **look))
            if kept:
                dots = look | {"markersize": 4.5, "gid": svg.stratum(index)}
                axes.plot(*zip(*kept, strict=True), alpha=0.75, **dots)
                heard += [latency for _, latency in kept]
        latency_axis(axes, heard)
        if lost:
            look = _marks(svg.BAD, "x", 1.5)
            edge = axes.get_xaxis_transform()
            axes.plot(lost, np.ones(len(lost)), transform=edge, clip_on=False, **look)
            handles.append(Line2D([], [], label="no answer", **look))
        axes.set_xlim(left=0)
        lowest.set_xlabel(
            "minutes since the run began" if minutes else "seconds since the run began"
        )
        svg.legend_above(axes, columns_for(width_px, len(handles)), handles)
        return svg.export(
            figure,
            name=f"time-{width_px}",
            label="Latency of each turn over the time of the run, failures marked",
        )


def _load(axes: Axes, load: LoadCurve, scale: float) -> None:
    at = [moment / scale for moment in load.at_s]
    axes.step(at, load.open, where="post", color=svg.MUTED, lw=1.4)
    axes.set_ylim(0, 1.15 * max(load.open))
    axes.set_ylabel("sessions open")
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))


def _shade_outside(axes: Axes, load: LoadCurve, scale: float) -> None:
    """Shade the time before and after the load was at its level."""
    end = max(load.at_s[-1], load.level_until_s)
    for begin, until in ((0.0, load.level_from_s), (load.level_until_s, end)):
        if until > begin:
            axes.axvspan(begin / scale, until / scale, color=svg.MUTED, alpha=0.13, lw=0)


def intervals(
    rows: Mapping[str, Mapping[str, PercentileSummary]], *, width_px: int, by: str = "network"
) -> str:
    """Draw P50, P95 and P99 of each network, or of what else there are rows of, with intervals."""
    height = sum(len(quantiles) + 1.4 for quantiles in rows.values()) * _ROW_PX + 40
    with svg.styled():
        figure, axes = svg.canvas(width_px, height)
        labels: list[tuple[float, str]] = []
        y = 0.0
        for index, (name, quantiles) in enumerate(rows.items()):
            _beside_axis(axes, y, name, fontweight="bold")
            for label, quantile in quantiles.items():
                y += 1
                labels.append((y, label))
                _interval(axes, y, quantile, svg.series(index))
            y += 1.4
        _rows(axes, labels, y - 0.7)
        axes.set_xlabel("ms")
        return svg.export(
            figure,
            name=f"intervals-{width_px}",
            label=f"P50, P95 and P99 of the latency with 95 % intervals, by {by}",
        )


def _interval(
    axes: Axes, y: float, quantile: PercentileSummary, look: tuple[str, str, object]
) -> None:
    colour, marker, _ = look
    if quantile.value is None:
        words = MISSING if quantile.low is None else f"≥ {number(quantile.low)}"
        _beside_axis(axes, y, words, color=svg.MUTED)
        return
    right = quantile.value
    if quantile.low is not None and quantile.high is not None:
        axes.plot(
            [quantile.low, quantile.high],
            [y, y],
            color=colour,
            lw=6,
            alpha=0.35,
            solid_capstyle="butt",
        )
        right = quantile.high
    axes.plot([quantile.value], [y], color=colour, marker=marker, markersize=7, markeredgewidth=0)
    axes.annotate(
        number(quantile.value),
        (max(right, quantile.value), y),
        va="center",
        xytext=(8, 0),
        textcoords="offset points",
    )


def stages(rows: Mapping[str, tuple[StageMeans, StageMeans]], *, width_px: int) -> str:
    """Draw what P50 and P95 are made of, by network, as stacked bars."""
    height = len(rows) * 3.1 * _ROW_PX + 70
    with svg.styled():
        figure, axes = svg.canvas(width_px, height)
        labels: list[tuple[float, str]] = []
        y = 0.0
        for name, means in rows.items():
            _beside_axis(axes, y, name, fontweight="bold")
            for label, mean in zip(("at P50", "at P95"), means, strict=True):
                y += 1
                labels.append((y, label))
                _stacked(axes, y, mean.stages_ms)
            y += 1.1
        _rows(axes, labels, y - 0.4)
        axes.set_xlabel("ms after the caller's last sample of speech")
        handles = [
            Patch(color=colour, label=stage.replace("_", " "))
            for colour, stage in zip(svg.STAGES, STAGES, strict=True)
        ]
        svg.legend_above(axes, 3 if width_px >= NARROW_PX else 1, handles)
        return svg.export(
            figure,
            name=f"stages-{width_px}",
            label="Stages of turns around P50 and around P95 of voice_to_voice, by network",
        )


def _stacked(axes: Axes, y: float, widths_ms: Sequence[float]) -> None:
    left = 0.0
    for width, colour in zip(widths_ms, svg.STAGES, strict=True):
        axes.barh(y, width, left=left, height=0.66, color=colour, edgecolor=svg.PAPER, lw=1)
        left += width
    axes.annotate(number(left), (left, y), va="center", xytext=(8, 0), textcoords="offset points")


def _rows(axes: Axes, labels: Sequence[tuple[float, str]], bottom: float) -> None:
    """Make the axes a list of labelled rows, from above, over a scale of ms from zero."""
    axes.set_ylim(bottom, -0.7)
    axes.set_yticks([at for at, _ in labels], [label for _, label in labels])
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    right = max(axes.dataLim.x1, 1.0)
    left = min(axes.dataLim.x0, 0.0)
    axes.set_xlim(left, right + 0.17 * (right - left))
    axes.xaxis.set_major_formatter(FuncFormatter(thousands))


def _beside_axis(axes: Axes, y: float, words: str, **look: Any) -> None:
    """Write at the left edge of the axes, in the row at `y`."""
    axes.annotate(
        words,
        (0, y),
        xycoords=axes.get_yaxis_transform(),
        xytext=(2, 0),
        textcoords="offset points",
        va="center",
        **look,
    )


def _marks(colour: str, marker: str, edge_px: float) -> dict[str, Any]:
    return {
        "color": colour,
        "marker": marker,
        "markersize": 6,
        "markeredgewidth": edge_px,
        "linestyle": "none",
    }


def latency_axis(axes: Axes, values: Sequence[float]) -> None:
    """Scale the latency axis: from zero, or logarithmic where the tail would flatten the rest."""
    axes.set_ylabel("latency, ms")
    if not values:
        return
    ordered = np.sort(np.asarray(values))
    median, low, high = float(np.median(ordered)), float(ordered[0]), float(ordered[-1])
    if low > 0 and high > _LOG_FROM_RATIO * median:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(FixedLocator(round_steps(low, high)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylim(low * 0.85, high * 1.15)
    else:
        axes.set_ylim(min(0.0, low * 1.08), high * 1.08 if high > 0 else 1.0)
    axes.yaxis.set_major_formatter(FuncFormatter(thousands))


def round_steps(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times powers of ten between two latencies."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = [float(m * 10.0**d) for d in decades for m in (1, 2, 5)]
    return [step for step in steps if low * 0.85 <= step <= high * 1.15]


def thousands(value: float, _position: int | None = None) -> str:
    """Write a number on an axis."""
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def columns_for(width_px: int, entries: int) -> int:
    """Return in how many columns a legend has room."""
    if width_px >= NARROW_PX:
        return min(entries, 6)
    return entries if entries <= 3 else 2
