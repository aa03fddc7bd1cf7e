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

from harness.errors import sanitised
from harness.recording import replace_file

_FFT_SAMPLES = 512
_AROUND_S = 0.4
_INK, _FIRST, _SECOND = "#222222", "#ff4b3a", "#2aa7ff"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
img{width:100%}figure{margin:0 0 2.5rem}figcaption{margin:.2rem 0}small{color:#555}</style></head>
<body><h1>{{ title }}</h1>
<p>Red is the mark, dashed blue the second opinion; on the right the surroundings of both. Where red
is wrong, write the true <code>speech_end_s</code> into the manifest,
<code>"end_source": "hand"</code> and an <code>end_uncertainty_ms</code> of your own.
<code>harness corpus import</code> makes a manifest of a folder.</p>
{% if not clips %}<p>No clip is in doubt.</p>{% endif %}
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
            "name": sanitised(clip.name),
            "transcript": sanitised(clip.transcript),
            "words": f"{sanitised(clip.end_source)} {clip.end_s:.3f} s, "
            f"{sanitised(clip.second_source)} {clip.second_end_s:.3f} s: "
            f"{abs(clip.end_s - clip.second_end_s) * 1e3:.0f} ms apart",
            "png": base64.b64encode(picture(clip)).decode(),
        }
        for clip in clips
    ]
    page = Environment(autoescape=True).from_string(_PAGE)
    replace_file(path, page.render(title=title, clips=shown).encode())
    return len(shown)


def picture(clip: DoubtfulClip) -> bytes:
    """Return a PNG: waveform above, spectrogram below, whole and around the marks."""
    marks = (clip.end_s, clip.second_end_s)
    length_s = len(clip.samples) / clip.rate_hz
    around = (max(min(marks) - _AROUND_S, 0.0), min(max(marks) + _AROUND_S, length_s))
    with mpl.rc_context({"font.size": 8, "axes.edgecolor": _INK}):
        figure = Figure(figsize=(12, 3.4), dpi=90, layout="constrained")
        axes = figure.subplots(2, 2, sharex="col", height_ratios=(1, 1.6), width_ratios=(3, 2))
        for column, (from_s, to_s) in enumerate(((0.0, length_s), around)):
            first, last = round(from_s * clip.rate_hz), round(to_s * clip.rate_hz)
            shown = clip.samples[first:last]
            above, below = axes[:, column]
            _waveform(above, shown, clip.rate_hz, from_s)
            _spectrogram(below, shown, clip.rate_hz, from_s)
            above.set_xlim(from_s, to_s)
            for panel in (above, below):
                panel.axvline(clip.end_s, color=_FIRST, linewidth=1.4)
                panel.axvline(clip.second_end_s, color=_SECOND, linewidth=1.4, linestyle="--")
        axes[1, 0].set_ylabel("kHz")
        png = io.BytesIO()
        figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _waveform(axes: Axes, samples: NDArray[np.int16], rate_hz: int, from_s: float) -> None:
    """Draw the lowest and the highest sample of each of a few thousand stretches."""
    size = max(len(samples) // 2000, 1)
    whole = samples[: len(samples) // size * size].reshape(-1, size) / 32768
    at_s = from_s + np.arange(len(whole)) * size / rate_hz
    axes.fill_between(at_s, whole.min(axis=1), whole.max(axis=1), color=_INK, linewidth=0.3)
    axes.set_yticks([])


def _spectrogram(axes: Axes, samples: NDArray[np.int16], rate_hz: int, from_s: float) -> None:
    """Draw the level of short stretches against frequency, from the loudest down 80 dB."""
    hop = max(_FFT_SAMPLES // 16, len(samples) // 2000)
    padded = np.zeros(max(len(samples), _FFT_SAMPLES))
    padded[: len(samples)] = samples / 32768
    pieces = np.lib.stride_tricks.sliding_window_view(padded, _FFT_SAMPLES)[::hop]
    level_db = 20 * np.log10(np.abs(np.fft.rfft(pieces * np.hanning(_FFT_SAMPLES))) + 1e-6)
    top_db = float(level_db.max())
    middle_s = from_s + _FFT_SAMPLES / 2 / rate_hz
    last_s = middle_s + (len(pieces) - 1) * hop / rate_hz
    axes.imshow(
        level_db.T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=top_db - 80,
        vmax=top_db,
        extent=(middle_s, max(last_s, middle_s + 1e-3), 0, rate_hz / 2000),
    )
    axes.set_xlabel("seconds")
