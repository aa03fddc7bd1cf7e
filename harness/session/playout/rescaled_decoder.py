"""Audio whose format changed while it was listened to, at the rate that listening began with."""

import numpy as np
from numpy.typing import NDArray

from harness.model import AudioDecoder


class RescaledDecoder:
    """A decoder whose samples come at another rate than they are written at.

    The nearest earlier sample is repeated or left out: enough to find levels and durations.

    Args:
        decoder: Decodes the audio.
        from_hz: The rate at which it is written.
        to_hz: The rate at which its samples are wanted.
    """

    def __init__(self, decoder: AudioDecoder, from_hz: int, to_hz: int) -> None:
        self._decoder, self._from_hz, self._to_hz = decoder, from_hz, to_hz
        self._taken = self._given = 0
        self.undecodable, self.written, self.foreign = 0, b"", ""

    def next_item(self) -> None:
        """Begin another item."""
        self._decoder.next_item()

    def count(self, audio: bytes) -> int:
        """Return how many samples a piece completes at the wanted rate."""
        first, last = self._span(self._decoder.count(audio))
        return last - first

    def decode(self, audio: bytes) -> NDArray[np.int16]:
        """Return the samples that a piece completes at the wanted rate."""
        decoder, begin = self._decoder, self._taken
        samples = decoder.decode(audio)
        self.undecodable = decoder.undecodable
        self.written, self.foreign = decoder.written, decoder.foreign
        places = np.arange(*self._span(len(samples))) * self._from_hz // self._to_hz - begin
        scaled: NDArray[np.int16] = samples[places.clip(min=0)]
        return scaled

    def _span(self, samples: int) -> tuple[int, int]:
        """Return the numbers of the first sample, and of the one after the last, at that rate."""
        first = self._given
        self._taken += samples
        self._given = self._taken * self._to_hz // self._from_hz
        return first, self._given
