"""How far marks are from marks read by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.corpus.formats.reading import number, objects, text
from harness.errors import BadInput
from harness.model import Clip

WITHIN_MS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Errors of the end of speech: marked minus read by hand.

    Attributes:
        errors_ms: Clip id to error.
        within_share: Share of the clips whose error is at most `WITHIN_MS`.
        mean_abs_ms: Mean absolute error.
        median_ms: Median error.
        worst_ms: Largest absolute error.
        clamped: Clips whose mark is their last sample.
    """

    errors_ms: Mapping[str, float]
    within_share: float
    mean_abs_ms: float
    median_ms: float
    worst_ms: float
    clamped: int


def hand_marks(path: Path) -> dict[str, float]:
    """Return the ends of speech in seconds that a list states, by file name without its ending.

    The list is JSON Lines; the file is `file`, `path` or `audio_filepath`, the end is
    `speech_end_s`, or `speech_end_offset_ms` as other benchmarks write it.

    Raises:
        BadInput: It is no such list.
    """
    found: dict[str, float] = {}
    for row in objects(path):
        name = Path(text(row, "file", "path", "audio_filepath")).stem
        end_s, end_ms = number(row, "speech_end_s"), number(row, "speech_end_offset_ms")
        if name and end_s is not None:
            found[name] = end_s
        elif name and end_ms is not None:
            found[name] = end_ms / 1e3
    if not found:
        raise BadInput("states no end of speech", where=path.name)
    return found


def agreement(clips: list[Clip], by_hand: Mapping[str, float]) -> Agreement:
    """Compare clips with the hand marks of the files they come from.

    Raises:
        BadInput: They have no file in common.
    """
    both = [(clip, by_hand[stem]) for clip in clips if (stem := Path(clip.path).stem) in by_hand]
    if not both:
        raise BadInput("no clip has a mark read by hand", where="--against")
    errors_ms = np.array([(clip.speech_end_s - end_s) * 1e3 for clip, end_s in both])
    # A microsecond of slack: marks are rounded to it.
    within = np.abs(errors_ms) <= WITHIN_MS + 1e-3
    return Agreement(
        errors_ms={clip.id: float(error) for (clip, _), error in zip(both, errors_ms, strict=True)},
        within_share=float(np.mean(within)),
        mean_abs_ms=float(np.mean(np.abs(errors_ms))),
        median_ms=float(np.median(errors_ms)),
        worst_ms=float(np.max(np.abs(errors_ms))),
        clamped=sum(_clamped(clip) for clip, _ in both),
    )


def _clamped(clip: Clip) -> bool:
    return clip.speech_end_s >= clip.duration_s - 1.5 / clip.rate_hz
