"""Two channels of sound as a file: FLAC, by soundfile.

FLAC and not Opus, although libsndfile writes both: it takes a thirtieth of the processor time,
every browser plays it, and what is read back is what was written, sample for sample.
"""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.corpus.opened_audio import open_audio
from harness.corpus.sound import Unreadable


def as_flac(samples: NDArray[np.int16], rate_hz: int) -> bytes:
    """Return samples, int16, shape (n, 2), as a FLAC file."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def read_stereo(path: Path) -> tuple[NDArray[np.int16], int]:
    """Return the samples of a file with two channels, int16, shape (n, 2), and their rate.

    Raises:
        Unreadable: It cannot be read, or does not have two channels.
    """
    import soundfile

    try:
        with open_audio(path) as file:
            samples, rate_hz = soundfile.read(file, dtype="int16", always_2d=True)
    except (soundfile.SoundFileError, OSError) as error:
        raise Unreadable(f"is not readable as audio: {error}") from error
    if samples.shape[1] != 2:
        raise Unreadable(f"has {samples.shape[1]} channels instead of 2")
    return samples, int(rate_hz)
