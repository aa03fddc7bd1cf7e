"""What turns the audio of a response into samples; which one does is a matter of the dialect."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from harness.model.audio import AudioFormat


class AudioDecoder(Protocol):
    """Decodes the audio of one response, piece by piece, in the form in which messages carry it.

    Attributes:
        undecodable: Pieces that could not be decoded, and so held no samples.
        written: The bytes of the samples that `decode` returned last.
        foreign: What the audio is in place of bare samples of its format, in words; empty while
            nothing contradicts it.
    """

    undecodable: int
    written: bytes
    foreign: str

    def next_item(self) -> None:
        """Begin another item: an incomplete sample of the one before is dropped."""

    def count(self, audio: bytes) -> int:
        """Return how many samples a piece completes; cheaper than decoding it."""

    def decode(self, audio: bytes) -> NDArray[np.int16]:
        """Return the samples that a piece completes; one that cannot be decoded completes none."""


NewDecoder = Callable[[AudioFormat], AudioDecoder]
"""Makes a decoder for audio of a format."""
