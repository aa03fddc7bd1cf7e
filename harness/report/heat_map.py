"""The heat map of latencies: a row a network, a column a range of latency."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from harness.analysis import LatencyBins
from harness.report import svg
from harness.report.figures import round_steps, thousands
from harness.report.formatting import number, percent

_ROW_PX = 50
_LEAST_ALPHA = 0.06


def heat_map(bins: LatencyBins, *, width_px: int) -> str:
    """Draw the shares of every group's turns by latency; the share without an answer in words."""
    edges = bins.edges_ms
    most = max(share for shares in bins.shares.values() for share in shares)
    with svg.styled():
        figure, axes = svg.canvas(width_px, len(bins.shares) * _ROW_PX + 60)
        titles: dict[str, str] = {}
        for y, (name, shares) in enumerate(bins.shares.items()):
            titles |= _row(axes, y, edges, shares, most)
            axes.annotate(
                name,
                (0, y - 0.34),
                xycoords=axes.get_yaxis_transform(),
                va="bottom",
                fontweight="bold",
            )
            if bins.silent[name]:
                axes.annotate(
                    f"no answer {percent(bins.silent[name])}",
                    (1, y - 0.34),
                    xycoords=axes.get_yaxis_transform(),
                    ha="right",
                    va="bottom",
                    color=svg.BAD,
                    fontsize=10.5,
                )
        if bins.logarithmic:
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(FixedLocator(round_steps(edges[0], edges[-1])))
            axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(len(bins.shares) - 0.6, -0.75)
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_formatter(FuncFormatter(thousands))
        axes.set_xlabel("latency, ms")
        return svg.export(
            figure,
            name=f"heat-{width_px}",
            label="Heat map: share of each network's turns by latency",
            titles=titles,
        )


def _row(
    axes: Axes, y: int, edges: Sequence[float], shares: Sequence[float], most: float
) -> dict[str, str]:
    """Draw a row, and return what its fields stand for, by their names."""
    titles = {}
    for at, (left, right, share) in enumerate(zip(edges, edges[1:], shares, strict=False)):
        if not share:
            continue
        alpha = _LEAST_ALPHA + (1 - _LEAST_ALPHA) * share / most
        (field,) = axes.barh(
            y, right - left, left=left, height=0.55, color=svg.SERIES[0], alpha=alpha, lw=0
        )
        field.set_gid(f"field-{y}-{at}")
        titles[f"field-{y}-{at}"] = f"{number(left)} to {number(right)} ms: {percent(share)}"
    return titles
