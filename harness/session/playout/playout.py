"""Playing responses at real time: what was heard, and when.

APIs send speech faster than it can be played, in bursts, so arrival is not hearing. A listener
starts when the first audio has arrived (plus a jitter buffer, if any), plays at real time, and
stops when the audio runs out; if more of the same response comes later, that was an underrun. What
is discarded before it is played was delivered but never heard.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.model import NS_PER_MS, StampBound, Underruns, ns_from_samples, samples_from_ns


@dataclass(slots=True)
class _Stretch:
    """Uninterrupted play: from sample `first` on, heard from `start_ns`, to `end` if stopped.

    It began when audio arrived that `bound` was known of, after an underrun since `starved_ns`.
    """

    first: int
    start_ns: int
    bound: StampBound | None
    end: int | None = None
    starved_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Samples `first` to before `end`, heard without a gap from `start_ns` on.

    Attributes:
        starved_ns: Since when nothing was heard before it, where that was an underrun.
    """

    first: int
    end: int
    start_ns: int
    starved_ns: int | None = None


class Playout:
    """One listener to the responses of a turn.

    Args:
        rate_hz: Sample rate of the responses.
        buffer_ms: Audio held back before playing starts, at first and after an underrun.

    Attributes:
        plays_until_ns: When what has arrived is played out; `None` when there is nothing to play.
    """

    def __init__(self, rate_hz: int, buffer_ms: int = 0) -> None:
        self._rate_hz = rate_hz
        self._buffer_ms = buffer_ms
        self._stretches: list[_Stretch] = []
        self._samples = self._thrown_away = 0
        self._gaps_ns: list[int] = []
        self._stopped = self._may_pause = False
        self.plays_until_ns: int | None = None

    def delayed(self, buffer_ms: int) -> "Playout":
        """Return a listener with a buffer that received the same, if this one had no underrun."""
        other = Playout(self._rate_hz, buffer_ms)
        for stretch in self._stretches:
            other.receive(stretch.start_ns, self._samples, stretch.bound)
        return other

    @property
    def samples(self) -> int:
        """Samples received so far."""
        return self._samples

    def receive(self, now_ns: int, samples: int, bound: StampBound | None = None) -> None:
        """Take `samples` more samples that arrived at `now_ns`, or earlier by `bound` if known."""
        if samples <= 0:
            return
        starved_ns = self.plays_until_ns
        if self._stopped or starved_ns is None or now_ns > starved_ns:
            resume_ns = now_ns + self._buffer_ms * NS_PER_MS
            if self._stopped or self._may_pause:
                starved_ns = None
            elif starved_ns is not None:
                self._gaps_ns.append(resume_ns - starved_ns)
            stretch = _Stretch(self._samples, resume_ns, bound, starved_ns=starved_ns)
            self._stretches.append(stretch)
        self._stopped = self._may_pause = False
        self._samples += samples
        self._update_end()

    def next_response(self) -> None:
        """Note that another response begins: silence ahead of it is no underrun."""
        self._may_pause = True

    def stop(self, now_ns: int) -> None:
        """Stop playing at `now_ns` and discard what has not been played."""
        until_ns = self.plays_until_ns
        if self._stopped or until_ns is None or now_ns >= until_ns:
            return
        last = self._stretches[-1]
        played = samples_from_ns(max(0, now_ns - last.start_ns), self._rate_hz)
        last.end = last.first + played
        self._thrown_away += self._samples - last.end
        self._stopped = True
        if played == 0:
            self._stretches.pop()
            if self._stretches and self._stretches[-1].end is None:
                self._stretches[-1].end = last.first
        self._update_end()

    def unheard(self, now_ns: int | None = None) -> int:
        """Return how many samples were discarded, or had not been played by `now_ns`."""
        until_ns = self.plays_until_ns
        if now_ns is None or self._stopped or until_ns is None or now_ns >= until_ns:
            return self._thrown_away
        last = self._stretches[-1]
        played = samples_from_ns(max(0, now_ns - last.start_ns), self._rate_hz)
        return self._thrown_away + self._samples - (last.first + played)

    def heard_ns(self, sample: int) -> int:
        """Return when sample number `sample` is heard; discarded ones count in the numbering.

        Raises:
            ValueError: It has not arrived, or was discarded.
        """
        found = self._stretch_of(sample)
        return found.start_ns + ns_from_samples(sample - found.first, self._rate_hz)

    def bound_of(self, sample: int) -> StampBound | None:
        """Return by how much `heard_ns` of a sample may be too late, `None` where it is not known.

        Raises:
            ValueError: It has not arrived, or was discarded.
        """
        return self._stretch_of(sample).bound

    def _stretch_of(self, sample: int) -> _Stretch:
        found = next((s for s in reversed(self._stretches) if s.first <= sample), None)
        if found is None or sample > self._samples:
            raise ValueError(f"sample {sample} of {self._samples} has not arrived")
        if found.end is not None and sample >= found.end:
            raise ValueError(f"sample {sample} was discarded")
        return found

    def spans(self, now_ns: int) -> Iterator[Span]:
        """Yield what was heard by `now_ns`, in order; what is left out was not, or not yet."""
        for place, stretch in enumerate(self._stretches, start=1):
            end = stretch.end
            if end is None:
                is_last = place == len(self._stretches)
                end = self._samples if is_last else self._stretches[place].first
            by_now = samples_from_ns(max(0, now_ns - stretch.start_ns), self._rate_hz)
            end = min(end, stretch.first + by_now)
            if end > stretch.first:
                yield Span(stretch.first, end, stretch.start_ns, stretch.starved_ns)

    def underruns(self) -> Underruns:
        """Return the gaps so far."""
        return Underruns(
            buffer_ms=self._buffer_ms,
            count=len(self._gaps_ns),
            total_ms=sum(self._gaps_ns) / NS_PER_MS,
            longest_ms=max(self._gaps_ns, default=0) / NS_PER_MS,
        )

    def _update_end(self) -> None:
        """Keep when playing ends: it is asked for far more often than it changes."""
        if not self._stretches:
            self.plays_until_ns = None
            return
        last = self._stretches[-1]
        end = self._samples if last.end is None else last.end
        self.plays_until_ns = last.start_ns + ns_from_samples(end - last.first, self._rate_hz)
