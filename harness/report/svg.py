"""How a figure looks and how it gets into the page: one style, one export.

Figures are drawn in stand-in colours, one per role, and exported as SVG. The export replaces each
stand-in by a CSS variable of the page, so one drawing serves light, dark and print; text stays
text in the page's own font; identifiers get the figure's name in front, so that many figures can
live in one document.
"""

import io
import re
import textwrap
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#a00001"
MUTED = "#a00002"
GRID = "#a00003"
BAD = "#a00004"
PAPER = "#a00005"
SERIES = ("#b00001", "#b00002", "#b00003", "#b00004", "#b00005", "#b00006")
STAGES = ("#c00001", "#c00002", "#c00003")
MARKERS = ("o", "s", "^", "D", "v", "P")
DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1, 2)), (0, (9, 3)), ":")

_VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--rule",
    BAD: "--bad",
    PAPER: "--paper",
    **{colour: f"--series-{i}" for i, colour in enumerate(SERIES, 1)},
    **{colour: f"--stage-{i}" for i, colour in enumerate(STAGES, 1)},
}
_LONGEST_CHARS = 34
# What a legend takes beside its words, and about the size of a letter in it.
_LEGEND_PX, _LETTER_PX, _LINE_PX = 80, 7, 17
# Whole objectives of 150 letters on a narrow page; what is longer is a name of somebody's making.
_SENTENCE_LINES = 4
_PX_PER_INCH = 72  # the unit of matplotlib's SVG is the point; one is shown as one CSS pixel
_FONT_FAMILY = re.compile(r"font-family: [^;\"]*;? ?")
_REFERENCE = re.compile(r"(\bid=\"|url\(#|href=\"#)")

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "harness",
    "font.size": 12,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "xtick.major.pad": 7,
    "ytick.major.pad": 7,
    "text.parse_math": False,
    "legend.frameon": False,
    "legend.labelcolor": INK,
}


def series(index: int) -> tuple[str, str, Any]:
    """Return colour, marker and dash of a series: colour alone never tells two apart."""
    return (
        SERIES[index % len(SERIES)],
        MARKERS[(index + index // len(SERIES)) % len(MARKERS)],
        DASHES[(index + index // len(SERIES)) % len(DASHES)],
    )


def canvas(width_px: float, height_px: float) -> tuple[Figure, Axes]:
    """Return an empty figure of that size with one pair of axes; call it inside `STYLE`."""
    figure = Figure(figsize=(width_px / _PX_PER_INCH, height_px / _PX_PER_INCH), dpi=_PX_PER_INCH)
    figure.set_layout_engine("constrained", h_pad=0.04, w_pad=0.04)
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    return figure, axes


def panel_below(figure: Figure, axes: Axes) -> Axes:
    """Give a figure a second, lower panel with the same x axis, and return it."""
    grid = figure.add_gridspec(2, 1, height_ratios=(4, 1))
    axes.set_subplotspec(grid[0])
    below = figure.add_subplot(grid[1], sharex=axes)
    below.patch.set_alpha(0)
    axes.tick_params(labelbottom=False)
    return below


def legend_above(
    axes: Axes,
    columns: int,
    handles: Sequence[Any] | None = None,
    *,
    line_chars: int = _LONGEST_CHARS,
    lines: int = 1,
) -> None:
    """Put the legend above the axes, left-aligned, in that many columns.

    A name takes that many lines of that many characters at most; what is longer is cut.
    """
    shown = axes.get_legend_handles_labels()[0] if handles is None else handles
    if not shown:
        return
    legend = axes.legend(
        handles=shown,
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=columns,
        borderaxespad=0.3,
        handlelength=1.8,
        columnspacing=1.6,
        handletextpad=0.6,
    )
    for text in legend.get_texts():
        text.set_text(fitted(text.get_text(), line_chars, lines))


def sentences_above(axes: Axes) -> None:
    """Put a legend of sentences above the axes: whole, and the figure grows by their lines."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    width_px, height_px = (size * _PX_PER_INCH for size in figure.get_size_inches())
    line_chars = int(width_px - _LEGEND_PX) // _LETTER_PX
    legend_above(axes, 1, line_chars=line_chars, lines=_SENTENCE_LINES)
    legend = axes.get_legend()
    texts = [] if legend is None else [text.get_text() for text in legend.get_texts()]
    more = sum(text.count("\n") + 1 for text in texts[1:]) + "".join(texts[:1]).count("\n")
    figure.set_figheight((height_px + more * _LINE_PX) / _PX_PER_INCH)


def fitted(name: str, line_chars: int, lines: int = 1) -> str:
    """Return a name wrapped to that many lines at most; a longer one ends in `…`.

    Names come from scenarios and files of users: one must not take the figure's room.
    """
    wrapped = textwrap.wrap(name, line_chars)
    if len(wrapped) <= lines:
        return "\n".join(wrapped)
    return "\n".join([*wrapped[: lines - 1], f"{wrapped[lines - 1][: line_chars - 1]}…"])


def stratum(index: int) -> str:
    """Return the name of what a figure draws of the n-th network, for the page to hide it."""
    return f"stratum-{index}"


def export(
    figure: Figure, *, name: str, label: str, titles: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Export a figure as an SVG element to put into HTML.

    Args:
        figure: The figure.
        name: Unique in the page; goes in front of every identifier.
        label: What it shows, in words, for readers who do not see it. Plain text.
        titles: Words that browsers show beside the pointer, by the `gid` of what they are about.

    Returns:
        An `<svg>` element without any address in it, its colours CSS variables.
    """
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(buffer, format="svg", metadata=nothing)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text).replace("xlink:href", "href")
    text = _REFERENCE.sub(lambda match: f"{match.group(1)}{name}-", text)
    text = _FONT_FAMILY.sub("", text)
    for gid, words in titles.items():
        opening = f'<g id="{name}-{gid}">'
        text = text.replace(opening, f"{opening}<title>{_escaped(words)}</title>", 1)
    for stand_in, variable in _VARIABLES.items():
        text = text.replace(stand_in, f"var({variable})")
    return re.sub(
        r"<svg [^>]*?viewBox=\"([^\"]*)\"[^>]*>",
        lambda match: _opening(match.group(1), label),
        text,
        count=1,
    )


def _opening(view_box: str, label: str) -> str:
    return f'<svg viewBox="{view_box}" role="img" aria-label="{_escaped(label)}">'


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def styled() -> Any:
    """Return a context in which figures are drawn and exported in this package's style."""
    return mpl.rc_context(STYLE)
