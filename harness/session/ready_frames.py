"""Frames that are ready ahead of time.

Nearly every frame is one of an utterance under way, or silence while the caller listens, so a
session knows dozens of frames before they are due. The sender takes them from here, one at each
deadline, and asks the session only when there is none left; the session counts afterwards what was
sent in the meantime.
"""

import itertools
from collections.abc import Iterator, Sequence
from operator import length_hint


class ReadyFrames:
    """What is sent next, decided in advance.

    Attributes:
        frames: One ready message for each of the next deadlines. Whoever takes one sends it.
        sent_ns: When the last of them was sent; set by the sender.
        late_max_ns: How late the latest of them was since `sent`; set by the sender.
    """

    __slots__ = ("_uncounted", "frames", "late_max_ns", "sent_ns")

    def __init__(self) -> None:
        self.frames: Iterator[bytes] = iter(())
        self.sent_ns = self.late_max_ns = self._uncounted = 0

    def queue(self, messages: Sequence[bytes]) -> None:
        """Plan these messages instead of what was planned."""
        self.frames, self._uncounted = iter(messages), len(messages)

    def repeat(self, message: bytes, times: int) -> None:
        """Plan one message so many times instead of what was planned."""
        self.frames, self._uncounted = itertools.repeat(message, times), times

    def drop(self) -> None:
        """Plan nothing; frames sent and not counted yet are no longer counted."""
        self.frames, self._uncounted = iter(()), 0

    def sent(self) -> int:
        """Return how many frames were taken since the last time, or since they were planned."""
        left = length_hint(self.frames)
        taken, self._uncounted = self._uncounted - left, left
        return taken

    def pending(self) -> int:
        """Return what `sent` would, and count nothing; for other threads too."""
        return self._uncounted - length_hint(self.frames)
