"""Turns without voice activity detection: any sample but zero is speech.

For callers whose pauses are exact digital silence, as this project's are. It costs a fraction of
what detection costs, so that a server of thousands of sessions is not what a load test finds.
"""

from collections.abc import Iterable, Iterator

from harness.simulator.voice.voice_activity import Started, Stopped


class LastSample:
    """Finds turns by the last sample that is not zero. Takes the place of `ResponseAudio`.

    Args:
        rate_hz: Sample rate of the audio.
        silence_ms: Silence that ends speech.
        zeros: The bytes a sample of silence may be made of.
        sample_bytes: Bytes of one sample.
    """

    def __init__(
        self,
        *,
        rate_hz: int,
        silence_ms: float = 200.0,
        zeros: bytes = b"\0",
        sample_bytes: int = 2,
    ) -> None:
        self.heard_samples = 0
        self.speaking = False
        self._rate_hz, self._zeros, self._width = rate_hz, zeros, sample_bytes
        self.last_voiced_sample: int | None = None
        self.configure(silence_ms=silence_ms)

    def configure(self, *, silence_ms: float, threshold: float = 0.5) -> None:
        """Take another silence window; there is no threshold."""
        self._silence_samples = round(silence_ms * self._rate_hz / 1000)

    def forget(self) -> None:
        """Begin anew: the speech so far has been processed."""
        self.speaking = False
        self.last_voiced_sample = None

    def feed(self, audio: bytes) -> Iterable[Started | Stopped]:
        """Hear more audio, whole samples.

        Returns:
            What was found, in order, mostly nothing. All of it must be asked for.
        """
        before = self.heard_samples
        self.heard_samples += len(audio) // self._width
        voiced_bytes = len(audio.rstrip(self._zeros))
        if not voiced_bytes and not self.speaking:
            return ()
        return self._find(audio, before, voiced_bytes)

    def feed_silence(self, samples: int) -> Iterable[Started | Stopped]:
        """Hear silence; as `feed` with so many zeros."""
        before = self.heard_samples
        self.heard_samples += samples
        return self._find(b"", before, 0) if self.speaking else ()

    def _find(self, audio: bytes, before: int, voiced_bytes: int) -> Iterator[Started | Stopped]:
        if voiced_bytes:
            self.last_voiced_sample = before + (voiced_bytes - 1) // self._width
            if not self.speaking:
                self.speaking = True
                lead = len(audio) - len(audio.lstrip(self._zeros))
                yield Started(before + lead // self._width)
        last = self.last_voiced_sample
        assert last is not None
        if self.heard_samples - last > self._silence_samples:
            self.speaking = False
            yield Stopped(last, self.heard_samples)
