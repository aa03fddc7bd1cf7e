"""A recording as a picture: two tracks and the instants that matter, as one small SVG element."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

_BINS = 400
_MIDDLES, _REACH = (25, 75), 22
_FULL_SCALE = 32_768
# Speech is mostly far below full scale; the square root shows quiet sound and keeps the order.
_GAMMA = 0.5


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant in a recording.

    Attributes:
        kind: Its style, the name of a CSS class.
        label: What happened.
        at_s: When, since the recording's start.
    """

    kind: str
    label: str
    at_s: float


def waveform(
    samples: NDArray[np.int16],
    rate_hz: int,
    marks: Sequence[Mark],
    gaps_s: Sequence[tuple[float, float]],
    label: str,
) -> Markup:
    """Return an SVG element: the caller above, the agent below, marks across both.

    Args:
        samples: int16, shape (n, 2); the caller left. Not empty.
        rate_hz: Samples per second.
        marks: What happened when.
        gaps_s: From when to when the agent's audio had run out.
        label: What it shows, for readers who do not see it.
    """
    length_s = len(samples) / rate_hz

    def place(at_s: float) -> str:
        return f"{at_s / length_s * _BINS:.1f}"

    parts = [
        f'<rect class="gap" x="{place(begin)}" y="50" height="50"'
        f' width="{max(0.5, (end - begin) / length_s * _BINS):.1f}"><title>Underrun</title></rect>'
        for begin, end in gaps_s
    ]
    parts += [
        f'<path class="{name}" d="M0 {middle}h{_BINS}{_bars(samples[:, side], middle)}"/>'
        for side, (name, middle) in enumerate(zip(("caller", "agent"), _MIDDLES, strict=True))
    ]
    parts += [
        f'<path class="mark {mark.kind}" d="M{place(mark.at_s)} 0v100">'
        f"<title>{escape(mark.label)}, {mark.at_s:.2f} s</title></path>"
        for mark in marks
    ]
    return Markup(  # noqa: S704 - numbers of ours, and text that is escaped above
        f'<svg class="sound" viewBox="0 0 {_BINS} 100" preserveAspectRatio="none" role="img"'
        f' aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _bars(samples: NDArray[np.int16], middle: int) -> str:
    """Return an upright stroke for each part of a track that is not silent."""
    edges = np.linspace(0, len(samples), min(_BINS, len(samples)), endpoint=False, dtype=np.int64)
    peaks = np.maximum.reduceat(np.abs(samples.astype(np.int32)), edges)
    reach = np.rint(_REACH * (peaks / _FULL_SCALE) ** _GAMMA).astype(int)
    step = _BINS / len(edges)
    return "".join(
        f"M{round(place * step)} {middle - half}v{2 * half}"
        for place, half in enumerate(reach.tolist())
        if half
    )
