"""The figure of one call: a row a turn, each from the end of what its caller said."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from harness.analysis import TurnTimeline
from harness.errors import sanitised
from harness.report import svg
from harness.report.formatting import MISSING, counted, number

_ROW_PX = 26
_NARROW_PX = 500
_S = 1_000
_CALLER, _AGENT = svg.SERIES[5], svg.STAGES[1]


def call_timeline(turns: Sequence[TurnTimeline], *, worst: int, name: str, width_px: int) -> str:
    """Draw the turns of a call: caller, endpoint, wait, response, gaps, interruption.

    Args:
        turns: In order.
        worst: `turn_index` of the turn to mark.
        name: Of the figure, unique in the page.
        width_px: Of the figure.
    """
    with svg.styled():
        figure, axes = svg.canvas(width_px, len(turns) * _ROW_PX + 100)
        for y, turn in enumerate(turns):
            _row(axes, y, turn)
        axes.set_yticks(range(len(turns)), [_label(turn) for turn in turns])
        for turn, label in zip(turns, axes.get_yticklabels(), strict=True):
            label.set_color(svg.BAD if turn.failed else svg.INK)
            label.set_fontweight("bold" if turn.turn_index == worst else "normal")
        axes.set_ylim(len(turns) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.axvline(0, color=svg.INK, lw=1)
        axes.margins(x=0.02)
        axes.set_xlabel("seconds from the end of the caller's speech")
        handles = _handles(turns)
        svg.legend_above(axes, 6 if width_px >= _NARROW_PX else 2, handles)
        return svg.export(
            figure,
            name=f"{name}-{width_px}",
            label="Timeline of a call, one row a turn: speech of the caller, wait, response",
        )


def _label(turn: TurnTimeline) -> str:
    words = MISSING if turn.latency_ms is None else f"{number(turn.latency_ms)} ms"
    if turn.censored:
        words = f"≥ {words}"
    return f"{turn.turn_index + 1}: {words}"


def _row(axes: Axes, y: int, turn: TurnTimeline) -> None:
    if turn.speech_from_ms is not None:
        _bar(axes, y, turn.speech_from_ms, 0.0, _CALLER)
    waited_ms = turn.latency_ms if turn.audible_ms is None else turn.audible_ms
    if waited_ms is not None and waited_ms > 0:
        axes.plot([0, waited_ms / _S], [y, y], color=svg.INK, lw=1.2, ls=(0, (2, 1.5)))
    right = waited_ms or 0.0
    if turn.audible_ms is not None:
        right = turn.audible_ms if turn.until_ms is None else max(turn.until_ms, turn.audible_ms)
        _bar(axes, y, turn.audible_ms, right, _AGENT)
    if turn.endpoint_ms is not None:
        axes.plot([turn.endpoint_ms / _S], [y], **_ENDPOINT)
    if turn.barge_in_ms is not None:
        axes.plot([turn.barge_in_ms / _S], [y], **_BARGE_IN)
    words = [sanitised(turn.outcome)] if turn.failed else []
    if turn.gaps:
        words.append(f"{counted(turn.gaps, 'gap')}, {number(turn.gaps_ms)} ms")
    if words:
        axes.annotate(
            "; ".join(words),
            (right / _S, y),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=svg.BAD if turn.failed else svg.MUTED,
            fontsize=10.5,
        )


def _bar(axes: Axes, y: int, begin_ms: float, end_ms: float, colour: str) -> None:
    axes.barh(y, (end_ms - begin_ms) / _S, left=begin_ms / _S, height=0.5, color=colour, lw=0)


_ENDPOINT: dict[str, Any] = {
    "color": svg.INK,
    "marker": "|",
    "markersize": 13,
    "markeredgewidth": 2,
    "linestyle": "none",
}
_BARGE_IN: dict[str, Any] = {
    "color": svg.SERIES[1],
    "marker": "v",
    "markersize": 8,
    "markeredgewidth": 0,
    "linestyle": "none",
}


def _handles(turns: Sequence[TurnTimeline]) -> list[Patch | Line2D]:
    """Return what the marks stand for, those that are there."""
    found: list[Patch | Line2D] = [Patch(color=_CALLER, label="caller")]
    if any(turn.endpoint_ms is not None for turn in turns):
        found.append(Line2D([], [], label="endpoint", **_ENDPOINT))
    found.append(Line2D([], [], label="wait", color=svg.INK, lw=1.2, ls=(0, (2, 1.5))))
    if any(turn.audible_ms is not None for turn in turns):
        found.append(Patch(color=_AGENT, label="response heard"))
    if any(turn.barge_in_ms is not None for turn in turns):
        found.append(Line2D([], [], label="barge-in", **_BARGE_IN))
    return found
