"""G.711: telephone companding as look-up tables.

The tables are built from the segment rules of ITU-T G.711 on the word lengths of the standard:
14 bits for mu-law, 13 bits for A-law. A formula on 16 bits rounds differently for some inputs.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

_MU_CLIP = 8159
_MU_BIAS = 33


def encode_mulaw(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Return mu-law codes, uint8, for int16 samples of the same shape."""
    return _mulaw_table()[samples.view(np.uint16)]


def encode_alaw(samples: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Return A-law codes, uint8, for int16 samples of the same shape."""
    return _alaw_table()[samples.view(np.uint16)]


def decode_mulaw(codes: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return int16 samples for mu-law codes of the same shape."""
    return _mulaw_levels()[codes]


def decode_alaw(codes: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return int16 samples for A-law codes of the same shape."""
    return _alaw_levels()[codes]


@cache
def _mulaw_levels() -> NDArray[np.int16]:
    """Return the level every mu-law code stands for, shape (256,)."""
    plain = ~np.arange(256, dtype=np.uint8)
    segment, step = (plain >> 4 & 7).astype(np.int64), (plain & 0x0F).astype(np.int64)
    magnitude = (((step << 1) + _MU_BIAS) << segment) - _MU_BIAS
    return (np.where(plain & 0x80, -magnitude, magnitude) << 2).astype(np.int16)


@cache
def _alaw_levels() -> NDArray[np.int16]:
    """Return the level every A-law code stands for, shape (256,)."""
    plain = np.arange(256, dtype=np.uint8) ^ 0x55
    segment, step = (plain >> 4 & 7).astype(np.int64), (plain & 0x0F).astype(np.int64)
    low = (step << 1) + 1
    magnitude = np.where(segment == 0, low, (low + 32) << np.maximum(segment - 1, 0))
    return (np.where(plain & 0x80, magnitude, -magnitude) << 3).astype(np.int16)


@cache
def _mulaw_table() -> NDArray[np.uint8]:
    """Return the code of every int16 pattern, shape (65536,)."""
    linear = _every_int16() >> 2
    positive = linear >= 0
    magnitude = np.minimum(np.abs(linear), _MU_CLIP) + _MU_BIAS
    segment = _bit_length(magnitude) - 6
    step = (magnitude >> (segment + 1)) & 0x0F
    # A magnitude of 8192 would need a ninth segment: the loudest code stands for it.
    code = np.where(segment > 7, 0x7F, segment << 4 | step)
    return (code ^ np.where(positive, 0xFF, 0x7F)).astype(np.uint8)


@cache
def _alaw_table() -> NDArray[np.uint8]:
    """Return the code of every int16 pattern, shape (65536,)."""
    linear = _every_int16() >> 3
    positive = linear >= 0
    magnitude = np.where(positive, linear, -linear - 1)
    segment = np.maximum(_bit_length(magnitude) - 5, 0)
    step = (magnitude >> np.maximum(segment, 1)) & 0x0F
    return ((segment << 4 | step) ^ np.where(positive, 0xD5, 0x55)).astype(np.uint8)


def _every_int16() -> NDArray[np.int64]:
    """Return all int16 values in the order of their bit patterns, shape (65536,)."""
    return np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int64)


def _bit_length(magnitude: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many bits each value from 0 to 2**16 takes."""
    return np.frexp(magnitude.astype(np.float64))[1].astype(np.int64)
