"""Responses as they came, kept until somebody decides whether a turn is worth a recording.

Keeping costs a reference a piece: most pieces are never decoded while a call goes on, and need not
be. What is kept is bounded, for all calls of a process together and for each turn.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.model import AudioDecoder, AudioFormat, NewDecoder
from harness.session.playout.playout import Playout, Span
from harness.session.playout.rescaled_decoder import RescaledDecoder

MOST_OF_A_TURN = 32 << 20
"""Bytes: eight minutes of PCM16 at 24 kHz in base64."""

# What a piece takes besides its audio: a bytes object and a pair that refers to it.
_BYTES_PER_PIECE = 120


class Budget:
    """How much audio the calls of a process may keep.

    Taken on one thread; given back on any, since whoever drops the last reference does.

    Args:
        most_bytes: Most that is kept at a time.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes, self._taken = most_bytes, 0
        self._given_back: deque[int] = deque()

    def take(self, size: int) -> bool:
        """Return whether so many bytes more may be kept, and count them if so."""
        while self._given_back:
            self._taken -= self._given_back.popleft()
        if self._taken + size > self._most_bytes:
            return False
        self._taken += size
        return True

    def give_back(self, size: int) -> None:
        """Count bytes as no longer kept."""
        self._given_back.append(size)


@dataclass(frozen=True, slots=True)
class _AnotherItem:
    """What came before belongs to another item."""


_Step = tuple[bytes, int] | AudioFormat | _AnotherItem


class KeptAudio:
    """The pieces of one turn's responses, and the listener who says when each sample is heard.

    Args:
        audio: How they are written.
        new_decoder: Makes the decoder of that audio.
        budget: What it may take.

    Attributes:
        playout: The listener.
        is_whole: Nothing was left out for want of memory.
    """

    def __init__(self, audio: AudioFormat, new_decoder: NewDecoder, budget: Budget) -> None:
        self.playout = Playout(audio.rate_hz)
        self.is_whole = True
        self._audio, self._new_decoder, self._budget = audio, new_decoder, budget
        self._steps: list[_Step] = []
        self._bytes = 0

    def __del__(self) -> None:
        self._budget.give_back(self._bytes)

    def add(self, audio: bytes, samples: int) -> None:
        """Keep a piece that completes so many samples."""
        size = len(audio) + _BYTES_PER_PIECE
        if not self.is_whole:
            return
        if self._bytes + size > MOST_OF_A_TURN or not self._budget.take(size):
            self.is_whole = False
            self._steps.clear()
            self._budget.give_back(self._bytes)
            self._bytes = 0
            return
        self._bytes += size
        self._steps.append((audio, samples))

    def next_item(self) -> None:
        """Note that another item begins."""
        if self.is_whole:
            self._steps.append(_AnotherItem())

    def write_as(self, audio: AudioFormat) -> None:
        """Note that what comes from now on is written in another format."""
        if self.is_whole:
            self._steps.append(audio)

    def decoded(self) -> tuple[NDArray[np.int16], int]:
        """Return all samples as the listener counts them, int16, shape (n,), and their rate."""
        rate_hz, total = self._audio.rate_hz, 0
        decoder: AudioDecoder = self._new_decoder(self._audio)
        pieces = [np.empty(0, np.int16)]
        for step in self._steps:
            if isinstance(step, AudioFormat):
                decoder = self._new_decoder(step)
                if total:
                    decoder = RescaledDecoder(decoder, step.rate_hz, rate_hz)
                else:
                    rate_hz = step.rate_hz
            elif isinstance(step, _AnotherItem):
                decoder.next_item()
            else:
                audio, samples = step
                pieces.append(_exactly(decoder.decode(audio), samples))
                total += samples
        return np.concatenate(pieces), rate_hz


class KeptTurn:
    """What is kept of one turn: of every response that was listened to.

    Args:
        budget: What it may take.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._kept: list[KeptAudio] = []

    def listen(self, audio: AudioFormat, new_decoder: NewDecoder) -> KeptAudio:
        """Return where to keep what is heard from now on."""
        kept = KeptAudio(audio, new_decoder, self._budget)
        self._kept.append(kept)
        return kept

    def heard(self, now_ns: int) -> list["Heard"]:
        """Return what was heard by now."""
        return [Heard(kept, tuple(kept.playout.spans(now_ns))) for kept in self._kept]


@dataclass(frozen=True, slots=True)
class Heard:
    """Audio, and which of its samples were heard when."""

    audio: KeptAudio
    spans: tuple[Span, ...]


def _exactly(samples: NDArray[np.int16], count: int) -> NDArray[np.int16]:
    """Return so many samples: a piece that cannot be decoded is counted, and is silence."""
    if len(samples) == count:
        return samples
    fitted = np.zeros(count, np.int16)
    fitted[: len(samples)] = samples[:count]
    return fitted
