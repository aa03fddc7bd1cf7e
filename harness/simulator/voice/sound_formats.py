"""Audio on the wire: PCM16 at 24 kHz and G.711 at 8 kHz, in both directions.

The callers' side has an encoder of its own; this one is kept apart from it so that a mistake in
one shows. Tables follow ITU-T G.711: eight segments of sixteen steps, each twice as coarse as the
one before.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Table = NDArray[np.int16]
_PCM16 = np.dtype("<i2")


def _mulaw_table() -> Table:
    codes = ~np.arange(256) & 0xFF
    magnitude = (((codes & 0x0F) << 3) + 0x84 << ((codes >> 4) & 0x07)) - 0x84
    return np.where(codes & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_table() -> Table:
    codes = np.arange(256) ^ 0x55
    segment = (codes >> 4) & 0x07
    step = ((codes & 0x0F) << 4) + 8
    magnitude = np.where(segment == 0, step, (step + 0x100) << np.maximum(segment - 1, 0))
    return np.where(codes & 0x80, magnitude, -magnitude).astype(np.int16)


@dataclass(frozen=True, eq=False, slots=True)
class SoundFormat:
    """One way of writing mono audio.

    Attributes:
        name: The `type` of a format object.
        rate_hz: Samples per second.
        sample_bytes: Bytes of a sample.
        zeros: The bytes exact silence may be made of.
        table: Sample of each code, `None` for PCM16.
    """

    name: str
    rate_hz: int
    sample_bytes: int
    zeros: bytes
    table: Table | None = field(default=None, repr=False)

    @property
    def wire(self) -> dict[str, Any]:
        """The format object as a session shows it."""
        return {"type": self.name} | ({"rate": self.rate_hz} if self.table is None else {})

    def decode(self, audio: bytes) -> Samples:
        """Return int16 samples, shape (n,), of whole samples on the wire."""
        if self.table is None:
            return np.frombuffer(audio, dtype=_PCM16)
        decoded: Samples = self.table[np.frombuffer(audio, dtype=np.uint8)]
        return decoded

    def encode(self, samples: Samples) -> bytes:
        """Return int16 samples, shape (n,), as they go on the wire."""
        if self.table is None:
            return samples.astype("<i2").tobytes()
        order = np.argsort(self.table, kind="stable")
        levels = self.table[order].astype(np.int32)
        borders = (levels[1:] + levels[:-1] + 1) // 2
        return order[np.searchsorted(borders, samples, side="right")].astype(np.uint8).tobytes()

    def silence(self, samples: int) -> bytes:
        """Return so many samples of exact silence."""
        return self.zeros[:1] * (samples * self.sample_bytes)


PCM = SoundFormat("audio/pcm", 24_000, 2, b"\0")
# Silence is the code nearest to zero; both signs of it are silence.
MULAW = SoundFormat("audio/pcmu", 8_000, 1, b"\xff\x7f", _mulaw_table())
ALAW = SoundFormat("audio/pcma", 8_000, 1, b"\xd5\x55", _alaw_table())
FORMATS = {format_.name: format_ for format_ in (PCM, MULAW, ALAW)}
