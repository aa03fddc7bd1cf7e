"""Samples as the bytes of an encoding, and a frame of its silence."""

import numpy as np
from numpy.typing import NDArray

from harness.model import AudioFormat, Encoding
from harness.model.g711 import encode_alaw, encode_mulaw


def silence_frame(fmt: AudioFormat, frame_samples: int) -> bytes:
    """Return one frame of digital silence."""
    return encode(np.zeros(_positive(frame_samples), dtype=np.int16), fmt.encoding)


def _positive(frame_samples: int) -> int:
    if frame_samples < 1:
        raise ValueError(f"a frame needs at least one sample, got {frame_samples}")
    return frame_samples


def encode(samples: NDArray[np.int16], encoding: Encoding) -> bytes:
    """Return samples, int16, shape (n,), as the bytes of an encoding."""
    match encoding:
        case Encoding.PCM16:
            return samples.astype("<i2").tobytes()
        case Encoding.MULAW:
            return encode_mulaw(samples).tobytes()
        case Encoding.ALAW:
            return encode_alaw(samples).tobytes()
        case Encoding.UNKNOWN:
            raise ValueError("nothing can be written in an unknown encoding")
