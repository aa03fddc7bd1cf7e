"""Playing a reply at real time: what was heard, and when.

APIs send speech faster than it can be played, in bursts, so arrival is not hearing. A listener
starts when the first audio has arrived (plus a jitter buffer, if any), plays at real time, and
stops when the audio runs out; if more comes later, that was an underrun.
"""

from harness.model import Underruns, ns_from_samples

_NS_PER_MS = 1_000_000


class Listener:
    """One listener to one reply.

    Args:
        rate_hz: Sample rate of the reply.
        buffer_ms: Audio held back before playing starts, at first and after an underrun.
    """

    def __init__(self, rate_hz: int, buffer_ms: int = 0) -> None:
        self._rate_hz = rate_hz
        self._buffer_ms = buffer_ms
        # Stretches of uninterrupted play: first sample and the instant it was heard.
        self._stretches: list[tuple[int, int]] = []
        self._samples = 0
        self._gaps_ns: list[int] = []

    @property
    def samples(self) -> int:
        """Samples received so far."""
        return self._samples

    @property
    def plays_until_ns(self) -> int | None:
        """When what has arrived is played out; `None` before any audio."""
        return self.heard_ns(self._samples) if self._stretches else None

    def receive(self, now_ns: int, samples: int) -> None:
        """Take `samples` more samples that arrived at `now_ns`."""
        if samples <= 0:
            return
        starved_ns = self.plays_until_ns
        if starved_ns is None or now_ns > starved_ns:
            resume_ns = now_ns + self._buffer_ms * _NS_PER_MS
            if starved_ns is not None:
                self._gaps_ns.append(resume_ns - starved_ns)
            self._stretches.append((self._samples, resume_ns))
        self._samples += samples

    def heard_ns(self, sample: int) -> int:
        """Return when sample number `sample` is heard.

        Raises:
            ValueError: It has not arrived.
        """
        if not self._stretches or sample > self._samples:
            raise ValueError(f"sample {sample} of {self._samples} has not arrived")
        first, start_ns = next(s for s in reversed(self._stretches) if s[0] <= sample)
        return start_ns + ns_from_samples(sample - first, self._rate_hz)

    def underruns(self) -> Underruns:
        """Return the gaps so far."""
        return Underruns(
            buffer_ms=self._buffer_ms,
            count=len(self._gaps_ns),
            total_ms=sum(self._gaps_ns) / _NS_PER_MS,
            longest_ms=max(self._gaps_ns, default=0) / _NS_PER_MS,
        )
