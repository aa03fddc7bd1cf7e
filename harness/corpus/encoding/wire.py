"""An utterance cut into equal frames of the bytes an API wants."""

import numpy as np
from numpy.typing import NDArray

from harness.model import AudioFormat, Encoding, Utterance
from harness.model.g711 import encode_alaw, encode_mulaw


def frames(utterance: Utterance, fmt: AudioFormat, frame_samples: int) -> list[bytes]:
    """Return the utterance as raw audio frames of equal length.

    Args:
        utterance: Speech at the rate of `fmt`.
        fmt: How the bytes are written.
        frame_samples: Samples in a frame; the last frame is filled up with silence.

    Raises:
        ValueError: The utterance has another rate, or a frame would be empty.
    """
    if utterance.rate_hz != fmt.rate_hz:
        raise ValueError(
            f"utterance {utterance.id} is at {utterance.rate_hz} Hz, not {fmt.rate_hz} Hz"
        )
    count = -(-len(utterance.samples) // _positive(frame_samples))
    padded = np.zeros(count * frame_samples, dtype=np.int16)
    padded[: len(utterance.samples)] = utterance.samples
    encoded = encode(padded, fmt.encoding)
    size = frame_samples * fmt.encoding.bytes_per_sample
    return [encoded[start : start + size] for start in range(0, len(encoded), size)]


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
