"""Linear audio at a rate of its own, for a service that speaks and hears at 24 kHz.

Linear interpolation: what is measured is when sound begins, not its quality.
"""

import numpy as np

SERVICE_RATE_HZ = 24_000
_PCM16 = np.dtype("<i2")


class Resampler:
    """A stream of 16-bit samples at another rate; what follows a piece continues it.

    Args:
        from_hz: Rate of what comes.
        to_hz: Rate of what is returned.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._step = from_hz / to_hz
        self._last = np.zeros(1, np.int16)
        # Where the next sample lies, in samples of what comes, after the last one that came.
        self._at = self._step
        self._same = from_hz == to_hz

    def feed(self, audio: bytes) -> bytes:
        """Return the samples that this piece completes; never a sample that has not come."""
        if self._same:
            return audio
        came = np.concatenate([self._last, np.frombuffer(audio, _PCM16)])
        count = int((len(came) - 1 - self._at + 1e-9) // self._step) + 1
        if count <= 0:
            self._last, self._at = came[-1:], self._at - (len(came) - 1)
            return b""
        places = self._at + self._step * np.arange(count)
        told = np.interp(places, np.arange(len(came)), came)
        self._last, self._at = came[-1:], self._at + self._step * count - (len(came) - 1)
        return bytes(np.rint(told).astype(_PCM16).tobytes())
