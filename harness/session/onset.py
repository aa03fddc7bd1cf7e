"""Where a reply begins to be audible.

The first bytes of a reply are often silence (8 to 958 ms have been measured on one service), so
the first byte is not what a listener hears. The detector looks at the level of short hops and
dates the onset back to the first sample that rose above the threshold.
"""

import numpy as np
from numpy.typing import NDArray

# 5 ms resolves an onset well below the 10 ms at which two services are told apart.
_HOP_S = 0.005
# A click is not speech: three hops (15 ms) in a row must be loud.
_LOUD_HOPS = 3
# Below this a listener on a telephone hears nothing; codec noise and dither lie under it.
_GATE_DBFS = -50.0
# Speech stands out from whatever noise floor the reply itself showed before.
_ABOVE_FLOOR_DB = 10.0
_FULL_SCALE = 32768.0


class OnsetDetector:
    """Finds the first audible sample of one reply.

    Args:
        rate_hz: Sample rate of the reply.
    """

    def __init__(self, rate_hz: int) -> None:
        self._hop_samples = round(rate_hz * _HOP_S)
        self._rest: NDArray[np.int16] = np.empty(0, dtype=np.int16)
        self._rest_start = 0
        self._floor: float | None = None
        self._loud: list[int] = []
        self.audible_sample: int | None = None

    def feed(self, samples: NDArray[np.int16]) -> int | None:
        """Take the next samples of the reply.

        Args:
            samples: int16, shape (n,), following what was fed before.

        Returns:
            Index of the first audible sample of the reply once it is known, else `None`.
        """
        if self.audible_sample is not None:
            return self.audible_sample
        waiting = np.concatenate((self._rest, samples))
        hops = len(waiting) // self._hop_samples
        body = waiting[: hops * self._hop_samples].reshape(hops, self._hop_samples)
        powers = np.mean(np.square(body.astype(np.float64) / _FULL_SCALE), axis=1)
        for index, power in enumerate(powers):
            start = self._rest_start + index * self._hop_samples
            if self._hear(start, body[index], float(power)):
                break
        self._rest = waiting[hops * self._hop_samples :]
        self._rest_start += hops * self._hop_samples
        return self.audible_sample

    def _hear(self, start: int, hop: NDArray[np.int16], power: float) -> bool:
        threshold = self._threshold()
        if power > threshold:
            if not self._loud:
                above = np.square(hop.astype(np.float64) / _FULL_SCALE) > threshold
                self._loud.append(start + int(np.argmax(above)))
            else:
                self._loud.append(start)
            if len(self._loud) == _LOUD_HOPS:
                self.audible_sample = self._loud[0]
                return True
            return False
        self._loud.clear()
        self._floor = power if self._floor is None else min(self._floor, power)
        return False

    def _threshold(self) -> float:
        gate = 10 ** (_GATE_DBFS / 10)
        if self._floor is None:
            return float(gate)
        return float(max(gate, self._floor * 10 ** (_ABOVE_FLOOR_DB / 10)))
