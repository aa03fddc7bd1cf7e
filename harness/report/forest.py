"""The figure of paired differences: one row a comparison, one dot an utterance."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from harness.report import svg
from harness.report.formatting import signed

_ROW_PX = 84
_DOTS_HIGH = 0.5
# Fractions of the golden ratio fill a row evenly however many there are, without chance.
_GOLDEN = 0.6180339887498949


class Difference(Protocol):
    """A difference in ms; `None` where it is not known."""

    @property
    def value(self) -> float | None:
        """How large it is."""
        ...


class Differences(Difference, Protocol):
    """A median difference with its interval, and the differences of utterances."""

    @property
    def low(self) -> float | None:
        """Lower end."""
        ...

    @property
    def high(self) -> float | None:
        """Upper end."""
        ...

    @property
    def each(self) -> Sequence[Difference]:
        """The utterances, one by one."""
        ...


def forest_plot(
    rows: Mapping[str, Differences],
    *,
    width_px: int,
    axis: str = "ms slower under the condition",
    by: str = "by condition of the speech",
    first: int = 0,
) -> str:
    """Draw the difference of every utterance, their median and its interval, one row each.

    Args:
        rows: By their names.
        width_px: Width of the figure.
        axis: What lies along it, in words.
        by: What the rows are, in words.
        first: Which series of the page the first row is.
    """
    with svg.styled():
        figure, axes = svg.canvas(width_px, len(rows) * _ROW_PX + 46)
        axes.axvline(0, color=svg.MUTED, lw=1)
        for y, (name, found) in enumerate(rows.items()):
            _row(axes, y, name, found, svg.series(first + y)[0])
        axes.set_ylim(len(rows) - 0.6, -0.7)
        axes.set_yticks([])
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.margins(x=0.08)
        axes.set_xlabel(axis)
        axes.xaxis.set_major_formatter(FuncFormatter(_tick))
        return svg.export(
            figure,
            name=f"forest-{width_px}",
            label=f"Difference in latency of each utterance, {by}",
        )


def _tick(value: float, _position: int | None = None) -> str:
    return signed(value) if value else "0"


def _row(axes: Axes, y: float, name: str, found: Differences, colour: str) -> None:
    axes.annotate(
        name,
        (0, y - 0.5),
        xycoords=axes.get_yaxis_transform(),
        xytext=(2, 0),
        textcoords="offset points",
        va="center",
        fontweight="bold",
    )
    each = sorted(one.value for one in found.each if one.value is not None)
    heights = [y + _DOTS_HIGH * (at * _GOLDEN % 1 - 0.5) for at in range(len(each))]
    look: dict[str, Any] = {
        "marker": "o",
        "linestyle": "none",
        "markersize": 4.5,
        "markeredgewidth": 0,
    }
    axes.plot(each, heights, color=colour, alpha=0.45, **look)
    if found.value is None:
        return
    low, high = found.low, found.high
    if low is not None and high is not None:
        axes.plot([low, high], [y, y], color=colour, lw=6, alpha=0.45, solid_capstyle="butt")
    axes.plot([found.value] * 2, [y - 0.3, y + 0.3], color=svg.INK, lw=2)
    axes.annotate(
        signed(found.value),
        (found.value, y - 0.3),
        xytext=(4, 2),
        textcoords="offset points",
        va="bottom",
    )
