"""The playout of a carrier: what of an agent's audio the phone has played, and which marks are due.

A carrier plays everything in the order in which it came, at real time and in whole frames. An agent
that wants to know how far it is sends marks, each of which comes back when the audio before it has
been played, or at once when it is discarded: Twilio, "Media Streams - WebSocket messages", mark and
clear. Response by response, what a caller hears is a matter of `Playout`.
"""

from collections import deque

from harness.model import NS_PER_MS, NS_PER_S, AudioDecoder, CarrierAccount, ns_from_samples

# A carrier hands audio to the phone in packets of this length.
_FRAME_NS = 20 * NS_PER_MS
# By judgement: agents that pace their audio are tens of milliseconds ahead of its playout.
_BURST_NS = NS_PER_S


class CarrierPlayout:
    """The playout of one call; all instants are monotonic nanoseconds.

    Args:
        decoder: Counts the samples of the agent's audio.
        rate_hz: Sample rate of that audio.
        returns_cleared: Whether marks come back that were discarded; otherwise they never
            come back.
    """

    __slots__ = (
        "_bursts",
        "_clears",
        "_decoder",
        "_is_burst",
        "_is_marked",
        "_marks",
        "_marks_cleared",
        "_rate_hz",
        "_returns_cleared",
        "_samples",
        "_start_ns",
        "_unmarked",
    )

    def __init__(
        self, decoder: AudioDecoder, rate_hz: int, *, returns_cleared: bool = True
    ) -> None:
        self._decoder, self._rate_hz = decoder, rate_hz
        self._returns_cleared = returns_cleared
        self._start_ns = self._samples = 0
        self._marks: deque[tuple[int, str]] = deque()
        # Of the audio that plays without a pause: whether it came in a burst, and with a mark.
        self._is_burst = self._is_marked = False
        self._bursts = self._unmarked = self._clears = self._marks_cleared = 0

    @property
    def account(self) -> CarrierAccount:
        """What the agent did so far; the audio that plays counts as it is by now."""
        unmarked = self._is_burst and not self._is_marked
        return CarrierAccount(
            clears=self._clears,
            marks_cleared=self._marks_cleared,
            bursts=self._bursts + self._is_burst,
            bursts_unmarked=self._unmarked + unmarked,
        )

    @property
    def due_ns(self) -> int | None:
        """When the next mark is due, `None` while none is outstanding."""
        return self._marks[0][0] if self._marks else None

    def receive(self, audio: bytes, now_ns: int) -> None:
        """Take a piece of audio, played after all that came before it."""
        if now_ns > self._until_ns():
            self._begin(now_ns)
        self._samples += self._decoder.count(audio)
        if not self._is_burst:
            self._is_burst = self._until_ns() - now_ns > _BURST_NS

    def mark(self, name: str, now_ns: int) -> None:
        """Take a mark, due when the audio before it has been played."""
        self._is_marked = True
        self._marks.append((max(now_ns, self._until_ns()), name))

    def clear(self, now_ns: int) -> None:
        """Discard what has not been played."""
        self._clears += 1
        self._marks_cleared += len(self._marks)
        self._begin(now_ns)
        names = [name for _, name in self._marks] if self._returns_cleared else []
        self._marks = deque((now_ns, name) for name in names)

    def take_due(self, now_ns: int) -> list[str]:
        """Return the marks that are due, each once and in their order."""
        due = []
        while self._marks and self._marks[0][0] <= now_ns:
            due.append(self._marks.popleft()[1])
        return due

    def _begin(self, now_ns: int) -> None:
        """Begin to play anew: nothing is left of what came before."""
        self._bursts += self._is_burst
        self._unmarked += self._is_burst and not self._is_marked
        self._is_burst = self._is_marked = False
        self._start_ns, self._samples = now_ns, 0

    def _until_ns(self) -> int:
        """Return when what has come is played out, a whole number of frames after its start."""
        frames = -(-ns_from_samples(self._samples, self._rate_hz) // _FRAME_NS)
        return self._start_ns + frames * _FRAME_NS
