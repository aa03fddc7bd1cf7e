"""Clips whose speech end is in doubt, drawn for a person to look through: one HTML page."""

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from jinja2 import Environment
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.errors import printable
from harness.recording import replace_file

_FFT_SAMPLES = 512
_INK, _FIRST, _SECOND = "#222222", "#c0392b", "#1f6fb2"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
img{width:100%}figure{margin:0 0 2.5rem}figcaption{margin:.2rem 0}small{color:#555}</style></head>
<body><h1>{{ title }}</h1>
<p>Red is the mark in the manifest, blue the second opinion. Where red is wrong, write the true
<code>speech_end_s</code> into the manifest, <code>"end_source": "hand"</code> and an
<code>end_uncertainty_ms</code> of your own.</p>
{% for shown in clips %}<figure><figcaption><b>{{ shown.name }}</b>
{{ shown.transcript }}<br><small>{{ shown.words }}</small></figcaption>
<img alt="Waveform and spectrogram of {{ shown.name }}" src="data:image/png;base64,{{ shown.png }}">
</figure>{% endfor %}</body></html>
"""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DoubtfulClip:
    """A clip and two opinions of where its speech ends.

    Attributes:
        name: The clip's id.
        transcript: What is said, where known.
        samples: int16, shape (n,).
        rate_hz: Their sample rate.
        end_s: The mark.
        end_source: How it was found.
        second_end_s: The other opinion.
        second_source: Whose it is.
    """

    name: str
    transcript: str
    samples: NDArray[np.int16]
    rate_hz: int
    end_s: float
    end_source: str
    second_end_s: float
    second_source: str


def write_review(path: Path, title: str, clips: Iterable[DoubtfulClip]) -> int:
    """Write the page, whole or not at all, and return how many clips are on it.

    Args:
        path: Where to write it.
        title: Its heading.
        clips: Drawn one after the other; only their pictures are kept.
    """
    shown = [
        {
            "name": printable(clip.name),
            "transcript": printable(clip.transcript),
            "words": f"{printable(clip.end_source)} {clip.end_s:.3f} s, "
            f"{printable(clip.second_source)} {clip.second_end_s:.3f} s: "
            f"{abs(clip.end_s - clip.second_end_s) * 1e3:.0f} ms apart",
            "png": base64.b64encode(picture(clip)).decode(),
        }
        for clip in clips
    ]
    page = Environment(autoescape=True).from_string(_PAGE)
    replace_file(path, page.render(title=title, clips=shown).encode())
    return len(shown)


def picture(clip: DoubtfulClip) -> bytes:
    """Return a PNG: waveform above, spectrogram below, both marks through both."""
    with mpl.rc_context({"font.size": 8, "axes.edgecolor": _INK}):
        figure = Figure(figsize=(10, 3.4), dpi=90, layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.6))
        _waveform(above, clip)
        _spectrogram(below, clip)
        for axes in (above, below):
            axes.axvline(clip.end_s, color=_FIRST, linewidth=1.4)
            axes.axvline(clip.second_end_s, color=_SECOND, linewidth=1.4, linestyle="--")
        png = io.BytesIO()
        figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _waveform(axes: Axes, clip: DoubtfulClip) -> None:
    """Draw the lowest and the highest sample of each of a few thousand stretches."""
    size = max(len(clip.samples) // 2000, 1)
    whole = clip.samples[: len(clip.samples) // size * size].reshape(-1, size) / 32768
    at_s = np.arange(len(whole)) * size / clip.rate_hz
    axes.fill_between(at_s, whole.min(axis=1), whole.max(axis=1), color=_INK, linewidth=0.3)
    axes.set_yticks([])
    axes.set_xlim(0, len(clip.samples) / clip.rate_hz)


def _spectrogram(axes: Axes, clip: DoubtfulClip) -> None:
    """Draw the level of short stretches against frequency, from the loudest down 80 dB."""
    hop = max(_FFT_SAMPLES // 4, len(clip.samples) // 2000)
    padded = np.zeros(max(len(clip.samples), _FFT_SAMPLES))
    padded[: len(clip.samples)] = clip.samples / 32768
    pieces = np.lib.stride_tricks.sliding_window_view(padded, _FFT_SAMPLES)[::hop]
    level_db = 20 * np.log10(np.abs(np.fft.rfft(pieces * np.hanning(_FFT_SAMPLES))) + 1e-6)
    top_db = float(level_db.max())
    middle_s = _FFT_SAMPLES / 2 / clip.rate_hz
    last_s = ((len(pieces) - 1) * hop) / clip.rate_hz + middle_s
    axes.imshow(
        level_db.T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=top_db - 80,
        vmax=top_db,
        extent=(middle_s, max(last_s, middle_s + 1e-3), 0, clip.rate_hz / 2000),
    )
    axes.set_xlabel("seconds")
    axes.set_ylabel("kHz")
