"""Voice activity on the samples received: where speech begins and ends, on the audio clock.

Energy in hops of 10 ms against a noise floor that adapts. The clock is the count of samples, so
that what is heard depends on the audio and never on how it arrived.

The floor is the quietest hop of the last two seconds: speech dips that low between syllables,
steady noise does not rise above it. A hop is voiced when it stands clear of the floor by a ratio
that `threshold` sets, and of an absolute level. Speech starts after a few voiced hops close
together, so that a click does not start it; it then goes on at half that ratio until the silence
window has passed without a voiced hop.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_HOP_MS = 10
_START_HOPS = 4  # speech starts when this many voiced hops have come ...
_START_GAP_HOPS = 3  # ... with no longer gap between two of them than this
_FLOOR_BLOCK_HOPS = 50
_FLOOR_BLOCKS = 4
# Mean squares of int16 samples. -70 dBFS: below is digital silence; -38 dBFS: speech is not noise.
_FLOOR_LEAST = 10.0**2
_FLOOR_MOST = 400.0**2
# -50 dBFS at the default threshold: quieter is not speech, whatever the floor.
_VOICED_LEAST = 100.0**2


@dataclass(frozen=True, slots=True)
class Started:
    """Speech began at `onset_sample`."""

    onset_sample: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """Speech ended: at `last_voiced_sample`, decided once `decided_sample` had been heard."""

    last_voiced_sample: int
    decided_sample: int


class VoiceActivity:
    """Voice activity of one session.

    Args:
        rate_hz: Sample rate of the audio.
        silence_ms: Silence that ends speech.
        threshold: 0 to 1; the service's default is 0.5. Higher hears only louder speech.
    """

    def __init__(self, *, rate_hz: int, silence_ms: float = 200.0, threshold: float = 0.5) -> None:
        self.rate_hz = rate_hz
        self.heard_samples = 0
        self.speaking = False
        self._hop = rate_hz * _HOP_MS // 1000
        self._rest: NDArray[np.int16] | None = None
        self._floor = _FLOOR_LEAST
        self._block_least = _FLOOR_MOST
        self._block_hops = 0
        self._blocks: list[float] = []
        self._onset_sample = 0
        self._voiced_hops = 0
        self._voiced_end: int | None = None
        self._voiced_hop: NDArray[np.float32] | None = None
        self.configure(silence_ms=silence_ms, threshold=threshold)

    def configure(self, *, silence_ms: float, threshold: float) -> None:
        """Take other parameters from here on; speech under way stays under way."""
        self._silence_samples = round(silence_ms * self.rate_hz / 1000)
        # 10 dB over the floor at the default threshold, 5 dB at 0 and 15 dB at 1.
        self._ratio = 10.0 ** (0.5 + threshold)
        self._least = _VOICED_LEAST * 10.0 ** (threshold - 0.5)
        self._set_levels()

    @property
    def last_voiced_sample(self) -> int | None:
        """Last voiced sample so far, `None` before any; found to the sample within its hop."""
        if self._voiced_end is None or self._voiced_hop is None:
            return None
        loud = np.flatnonzero(np.abs(self._voiced_hop) >= self._keep**0.5)
        inside = int(loud[-1]) if len(loud) else self._hop - 1
        return self._voiced_end - self._hop + inside

    def forget(self) -> None:
        """Begin anew: the speech so far has been processed. The noise floor is kept."""
        self.speaking = False
        self._voiced_hops = 0
        self._voiced_end = None
        self._voiced_hop = None

    def feed(self, samples: NDArray[np.int16]) -> Iterable[Started | Stopped]:
        """Hear more audio.

        Args:
            samples: int16, shape (n,); any length, also empty.

        Returns:
            What was found, in order, mostly nothing. It is found as it is asked for, so that what
            is set between two findings counts: all of it must be asked for.
        """
        if self._rest is not None:
            samples = np.concatenate((self._rest, samples))
            self._rest = None
        hops, rest = divmod(len(samples), self._hop)
        if rest:
            self._rest = samples[len(samples) - rest :].copy()
        if not hops:
            return ()
        waves = samples[: hops * self._hop].astype(np.float32).reshape(hops, self._hop)
        for number, wave in enumerate(waves):
            found = self._hear(float(wave.dot(wave)) / self._hop, wave)
            if found is not None:
                return self._go_on(found, waves[number + 1 :])
        return ()

    def feed_silence(self, samples: int) -> Iterable[Started | Stopped]:
        """Hear exact digital silence: as `feed` with so many zeros, at a fraction of its cost."""
        hops, rest = divmod(samples, self._hop)
        if rest or self._rest is not None:
            return self.feed(np.zeros(samples, dtype=np.int16))
        if self._voiced_end is None and self._block_hops + hops < _FLOOR_BLOCK_HOPS and hops:
            self.heard_samples += samples  # nothing can be found
            self._block_hops += hops
            self._block_least = 0.0
            return ()
        for number in range(hops):
            found = self._hear(0.0, None)
            if found is not None:
                return self._go_on(found, np.zeros((hops - number - 1, self._hop), np.float32))
        return ()

    def _go_on(
        self, first: Started | Stopped, waves: NDArray[np.float32]
    ) -> Iterator[Started | Stopped]:
        """Hand out what was found, and hear the rest."""
        yield first
        for wave in waves:
            found = self._hear(float(wave.dot(wave)) / self._hop, wave)
            if found is not None:
                yield found

    def _hear(self, energy: float, hop: NDArray[np.float32] | None) -> Started | Stopped | None:
        """Hear one hop of mean square `energy`; silence needs no samples."""
        self.heard_samples += self._hop
        if energy < self._block_least:
            self._block_least = energy
        self._block_hops += 1
        if self._block_hops == _FLOOR_BLOCK_HOPS:
            self._end_block()
        if hop is not None and energy > (self._keep if self.speaking else self._start):
            return self._voiced(hop)
        return None if self._voiced_end is None else self._unvoiced(self._voiced_end)

    def _voiced(self, hop: NDArray[np.float32]) -> Started | None:
        if not self._voiced_hops:
            self._onset_sample = self.heard_samples - self._hop
        self._voiced_hops += 1
        self._voiced_end = self.heard_samples
        self._voiced_hop = hop
        if self.speaking or self._voiced_hops < _START_HOPS:
            return None
        self.speaking = True
        return Started(self._onset_sample)

    def _unvoiced(self, voiced_end: int) -> Stopped | None:
        silent = self.heard_samples - voiced_end
        if not self.speaking:
            if silent > _START_GAP_HOPS * self._hop:
                self._voiced_hops = 0
            return None
        if silent < self._silence_samples:
            return None
        last = self.last_voiced_sample
        assert last is not None
        self.speaking = False
        self._voiced_hops = 0
        return Stopped(last, self.heard_samples)

    def _end_block(self) -> None:
        """Take the quietest hop of the last blocks as the floor."""
        self._blocks.append(self._block_least)
        del self._blocks[:-_FLOOR_BLOCKS]
        self._block_least = _FLOOR_MOST
        self._block_hops = 0
        self._floor = max(min(self._blocks), _FLOOR_LEAST)
        self._set_levels()

    def _set_levels(self) -> None:
        """Compute the levels a hop is compared with; they change only with a block."""
        self._start = max(self._least, self._floor * self._ratio)
        self._keep = max(self._least / 2, self._floor * self._ratio / 2)
