"""The figure of utterances one by one: a row each, a mark for either target, a line between."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from harness.model.against_document import UtteranceFindings
from harness.report import svg
from harness.report.formatting import signed

_ROW_PX = 34
_LABEL_CHARS = {True: 44, False: 100}
_NARROW_PX = 500


def dumbbells(
    rows: Sequence[UtteranceFindings], *, names: tuple[str, str], place: int, width_px: int
) -> str:
    """Draw the medians of utterances with two targets.

    Args:
        rows: From the top down.
        names: Of the target that is compared with, and of the target.
        place: Which comparison of the page it is; the target's colour goes by it.
        width_px: Width of the figure.
    """
    with svg.styled():
        figure, axes = svg.canvas(width_px, len(rows) * _ROW_PX + 76)
        looks = [svg.series(0), svg.series(place)]
        for y, found in enumerate(rows):
            ends = [found.against_ms, found.ms]
            known = [one for one in ends if one is not None]
            if len(known) > 1:
                axes.plot(known, [y, y], color=svg.MUTED, lw=1.4)
            for value, (colour, marker, _) in zip(ends, looks, strict=True):
                if value is not None:
                    axes.plot([value], [y], color=colour, marker=marker, markersize=6.5, mew=0)
            _label(axes, y, found, narrow=width_px < _NARROW_PX)
        axes.set_ylim(len(rows) - 0.5, -0.8)
        axes.set_yticks([])
        axes.grid(visible=False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.margins(x=0.08)
        axes.set_xlabel("voice to voice, ms")
        svg.legend_above(axes, 1 if width_px < _NARROW_PX else 2, _handles(names, looks))
        return svg.export(
            figure,
            name=f"utterances-{place}-{width_px}",
            label="voice_to_voice of utterances with both targets, the largest difference first",
        )


def _handles(names: Sequence[str], looks: Sequence[tuple[str, str, object]]) -> list[Line2D]:
    return [
        Line2D([], [], label=name, color=colour, marker=marker, linestyle="none", mew=0)
        for name, (colour, marker, _) in zip(names, looks, strict=True)
    ]


def _label(axes: Axes, y: float, found: UtteranceFindings, *, narrow: bool) -> None:
    """Write what was said above its line, and the difference at its end."""
    words = found.transcript or found.utterance
    axes.annotate(
        svg.fitted(words, _LABEL_CHARS[narrow]),
        (0, y - 0.42),
        xycoords=axes.get_yaxis_transform(),
        xytext=(2, 0),
        textcoords="offset points",
        va="center",
        fontsize=11,
    )
    axes.annotate(
        "no answer" if found.value is None else signed(found.value),
        (1, y - 0.42),
        xycoords=axes.get_yaxis_transform(),
        ha="right",
        va="center",
        color=svg.MUTED,
        fontsize=11,
    )
