"""The callers' audio, kept within a bound for clients that retrieve it.

A track holds the last of one caller's audio until it becomes an item. The archive holds the audio
of items, the latest of all sessions together: when it is full, the oldest goes, and that item is
then shown without its audio. So a session costs the same however long its caller talks, and a
server the same however many sessions it has had.
"""

from collections import deque
from collections.abc import Callable

_ARCHIVE_BYTES = 32 * 2**20


class AudioTrack:
    """The last of one caller's audio, on the clock of its samples.

    Args:
        sample_bytes: Bytes of a sample.
        at_sample: Where the track begins.
    """

    def __init__(self, sample_bytes: int, at_sample: int) -> None:
        self._width = sample_bytes
        self._begins = self._ends = at_sample
        self._pieces: deque[bytes] = deque()

    def add(self, audio: bytes, samples: int, most_samples: int) -> None:
        """Add so many samples; at least the last `most_samples` are kept, at most twice as many.

        Old samples are dropped in bulk now and then, not with every frame.
        """
        self._pieces.append(audio)
        self._ends += samples
        if self._ends - self._begins > 2 * most_samples:
            self._sweep(self._ends - most_samples)

    def _sweep(self, from_sample: int) -> None:
        while (begins := self._begins + len(self._pieces[0]) // self._width) <= from_sample:
            self._begins = begins
            self._pieces.popleft()

    def cut(self, first: int, last: int) -> bytes:
        """Return what there is from one sample up to, but not with, another."""
        whole = b"".join(self._pieces)
        start, stop = (max(0, sample - self._begins) * self._width for sample in (first, last))
        return whole[start:stop]


class AudioArchive:
    """The audio of the callers' latest items in all sessions.

    Args:
        most_bytes: How much of it is kept.
    """

    def __init__(self, most_bytes: int = _ARCHIVE_BYTES) -> None:
        self._most = most_bytes
        self._kept: dict[int, bytes] = {}
        self._bytes = self._count = 0

    def keep(self, audio: bytes) -> Callable[[], bytes | None]:
        """Keep one item's audio, and return what gives it back while it is kept."""
        number = self._count
        self._count += 1
        self._kept[number] = audio
        self._bytes += len(audio)
        while self._bytes > self._most:
            self._bytes -= len(self._kept.pop(next(iter(self._kept))))
        return lambda: self._kept.get(number)
