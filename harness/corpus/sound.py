"""Audio files in, resampling: the door of soundfile and soxr.

Both are imported when first needed; a simulator that only wants generated speech starts without
them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST_CLIP_S = 300.0
"""Nothing longer is one utterance."""

_LOWEST_RATE_HZ = 4_000
_HIGHEST_RATE_HZ = 384_000
_NOT_SELF_DESCRIBING = {"raw"}


class Unreadable(Exception):
    """This file is not usable speech; the words say why."""


def suffixes() -> frozenset[str]:
    """Return the file name endings, in lower case with the dot, that may hold audio."""
    import soundfile

    formats = {name.lower() for name in soundfile.available_formats()} - _NOT_SELF_DESCRIBING
    return frozenset(f".{name}" for name in formats | {"aif", "oga", "opus"})


@dataclass(frozen=True, eq=False, slots=True)
class Sound:
    """What an audio file holds: channel 0 as int16, shape (n,), and what the file had."""

    samples: NDArray[np.int16]
    rate_hz: int
    channels: int


def duration_s(path: Path) -> float:
    """Return the length that the file's header promises.

    Raises:
        Unreadable: As `read`.
    """
    about = _header(path)
    return float(about.frames / about.samplerate)


def read(path: Path) -> Sound:
    """Read channel 0 of an audio file.

    Raises:
        Unreadable: The file is not audio, is empty or too long, or its bytes do not hold what its
            header promises.
    """
    import soundfile

    about = _header(path)
    try:
        block, _ = soundfile.read(str(path), frames=about.frames, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise _unreadable(error) from error
    if len(block) < 2:
        raise Unreadable("holds no audio")
    return Sound(_int16(np.nan_to_num(block[:, 0])), about.samplerate, about.channels)


def _header(path: Path) -> Any:
    """Return soundfile's reading of the header, once it describes one utterance."""
    import soundfile

    try:
        about = soundfile.info(str(path))
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        raise _unreadable(error) from error
    if not _LOWEST_RATE_HZ <= about.samplerate <= _HIGHEST_RATE_HZ:
        raise Unreadable(f"has a sample rate of {about.samplerate} Hz")
    if about.frames < 2:
        raise Unreadable("holds no audio")
    if about.frames > LONGEST_CLIP_S * about.samplerate:
        raise Unreadable(f"is longer than an utterance may be, {LONGEST_CLIP_S:.0f} s")
    return about


def _unreadable(error: Exception) -> Unreadable:
    """Return libsndfile's own reason, without the path it puts before it."""
    return Unreadable(f"is not readable as audio: {getattr(error, 'error_string', error)}")


def write(path: Path, samples: NDArray[np.int16], rate_hz: int) -> None:
    """Write samples, int16, shape (n,), as a mono WAV file."""
    import soundfile

    soundfile.write(str(path), samples, rate_hz, subtype="PCM_16", format="WAV")


def resample(samples: NDArray[np.int16], from_hz: int, to_hz: int) -> NDArray[np.int16]:
    """Return samples, int16, shape (n,), at another rate: soxr at HQ, without delay."""
    if from_hz == to_hz:
        return samples
    import soxr

    scaled = samples.astype(np.float32) / np.float32(32768)
    return _int16(soxr.resample(scaled, from_hz, to_hz, quality="HQ"))


def _int16(scaled: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return float samples in [-1, 1) as int16, clipped."""
    whole: NDArray[np.float32] = np.rint(scaled * np.float32(32768))
    return np.clip(whole, -32768, 32767).astype(np.int16)
