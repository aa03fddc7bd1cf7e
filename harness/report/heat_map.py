"""The heat map of latencies: a row a network, a column a range of latency."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from harness.analysis import LatencyBins
from harness.report import svg
from harness.report.figures import round_steps, thousands
from harness.report.formatting import percent

_ROW_PX = 34
_LEAST_ALPHA = 0.06


def heat_map(bins: LatencyBins, *, width_px: int) -> str:
    """Draw the shares of every group's turns by latency; the share without an answer in words."""
    edges = bins.edges_ms
    most = max(share for shares in bins.shares.values() for share in shares)
    with svg.styled():
        figure, axes = svg.canvas(width_px, len(bins.shares) * _ROW_PX + 60)
        for y, (name, shares) in enumerate(bins.shares.items()):
            _row(axes, y, edges, shares, most)
            if bins.silent[name]:
                axes.annotate(
                    f"no answer {percent(bins.silent[name])}",
                    (1, y - 0.4),
                    xycoords=axes.get_yaxis_transform(),
                    ha="right",
                    va="top",
                    color=svg.BAD,
                    fontsize=10.5,
                )
        if bins.logarithmic:
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(FixedLocator(round_steps(edges[0], edges[-1])))
            axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(len(bins.shares) - 0.4, -0.6)
        axes.set_yticks(range(len(bins.shares)), list(bins.shares))
        axes.grid(visible=False)
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_formatter(FuncFormatter(thousands))
        axes.set_xlabel("voice_to_voice, ms")
        return svg.export(
            figure,
            name=f"heat-{width_px}",
            label="Heat map: share of each network's turns by latency",
        )


def _row(axes: Axes, y: int, edges: Sequence[float], shares: Sequence[float], most: float) -> None:
    for left, right, share in zip(edges, edges[1:], shares, strict=False):
        if share:
            alpha = _LEAST_ALPHA + (1 - _LEAST_ALPHA) * share / most
            axes.barh(
                y, right - left, left=left, height=0.8, color=svg.SERIES[0], alpha=alpha, lw=0
            )
