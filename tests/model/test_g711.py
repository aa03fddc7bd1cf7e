import importlib
import sys
import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.model.g711 import encode_alaw, encode_mulaw

EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)


def _mulaw_values() -> NDArray[np.int64]:
    """Return the 14-bit value of each mu-law code, from the segments of the standard."""
    code = ~np.arange(256) & 0xFF
    magnitude = ((2 * (code & 0x0F) + 33) << (code >> 4 & 7)) - 33
    return np.where(code & 0x80, -magnitude, magnitude)


def _alaw_values() -> NDArray[np.float64]:
    """Return the 13-bit value of each A-law code, from the segments of the standard."""
    code = np.arange(256) ^ 0x55
    segment, step = code >> 4 & 7, code & 0x0F
    magnitude = np.where(
        segment == 0, step * 2 + 1, (step * 2 + 33) * 2.0 ** np.maximum(segment - 1, 0)
    )
    return np.where(code & 0x80, magnitude, -magnitude)


def test_no_sample_is_further_from_its_mulaw_value_than_half_a_step() -> None:
    code = encode_mulaw(EVERY_SAMPLE)
    linear = np.clip(EVERY_SAMPLE.astype(np.int64) >> 2, -8159, 8159)
    half_step = 1 << ((~code.astype(np.int64) & 0xFF) >> 4 & 7)
    assert np.all(np.abs(_mulaw_values()[code] - linear) <= half_step)


def test_no_sample_is_further_from_its_alaw_value_than_half_a_step() -> None:
    code = encode_alaw(EVERY_SAMPLE)
    # A 13-bit word stands for the middle of its 16-bit interval.
    linear = (EVERY_SAMPLE.astype(np.int64) >> 3) + 0.5
    half_step = 1 << np.maximum((code.astype(np.int64) ^ 0x55) >> 4 & 7, 1) - 1
    assert np.all(np.abs(_alaw_values()[code] - linear) < half_step)


@pytest.mark.parametrize(
    ("sample", "mulaw", "alaw"),
    [(0, 0xFF, 0xD5), (-1, 0x7E, 0x55), (32767, 0x80, 0xAA), (-32768, 0x00, 0x2A)],
)
def test_marked_codes_are_those_of_the_standard(sample: int, mulaw: int, alaw: int) -> None:
    one = np.array([sample], dtype=np.int16)
    assert (encode_mulaw(one)[0], encode_alaw(one)[0]) == (mulaw, alaw)


def test_louder_samples_never_get_a_quieter_code() -> None:
    assert np.all(np.diff(_mulaw_values()[encode_mulaw(EVERY_SAMPLE)]) >= 0)
    assert np.all(np.diff(_alaw_values()[encode_alaw(EVERY_SAMPLE)]) >= 0)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="audioop left the standard library")
def test_every_code_is_that_of_the_old_standard_library() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        audioop = importlib.import_module("audioop")
    raw = EVERY_SAMPLE.tobytes()
    assert encode_mulaw(EVERY_SAMPLE).tobytes() == audioop.lin2ulaw(raw, 2)
    assert encode_alaw(EVERY_SAMPLE).tobytes() == audioop.lin2alaw(raw, 2)
