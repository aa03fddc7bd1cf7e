"""Spoken replies, made and encoded once when the server starts and shared by all sessions."""

import base64
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.corpus import speech_like
from harness.simulator.configuration import RATE_HZ

_SHORTEST_S, _LONGEST_S = 1.2, 2.2
# The first piece is shorter than the others, because the silence at the head is added to it.
_FIRST_SAMPLES = RATE_HZ // 20
_PIECE_SAMPLES = RATE_HZ // 10
# A reply begins at a sample that is audible by any sensible measure: -30 dBFS.
_AUDIBLE = 1036

_SENTENCES = (
    "Of course, I can help you with that.",
    "Let me have a look at it for you.",
    "The next one leaves at a quarter past nine.",
    "Thank you, that is all I need to know.",
    "It should be with you by Friday morning.",
    "Could you tell me the number once more?",
    "There are two tables free this evening.",
    "I have changed it, and nothing else to do.",
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One delta's worth of audio.

    Attributes:
        encoded: Base64, ready for the wire.
        samples: How many samples it holds.
    """

    encoded: bytes
    samples: int


@dataclass(frozen=True, eq=False, slots=True)
class Reply:
    """One reply without the silence at its head; its very first sample is audible.

    Attributes:
        transcript: What it is said to say.
        samples: Number of samples.
        first: PCM16 bytes of the first piece, to which silence is added.
        pieces: The pieces after it.
    """

    transcript: str
    samples: int
    first: bytes
    pieces: tuple[Piece, ...]

    def with_lead(self, lead_samples: int) -> tuple[list[Piece], int]:
        """Put exact digital silence in front.

        Returns:
            All pieces, and the index of the one that holds the first audible sample.
        """
        whole, rest = divmod(lead_samples, _PIECE_SAMPLES)
        silence = [_piece(bytes(2 * _PIECE_SAMPLES))] * whole
        return [*silence, _piece(bytes(2 * rest) + self.first), *self.pieces], whole


def make_replies(rng: np.random.Generator, count: int) -> tuple[Reply, ...]:
    """Make `count` replies of 1.2 to 2.2 s."""
    return tuple(
        _encoded(
            _from_first_audible(speech_like(rng, rng.uniform(_SHORTEST_S, _LONGEST_S), RATE_HZ)),
            _SENTENCES[number % len(_SENTENCES)],
        )
        for number in range(count)
    )


def _from_first_audible(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """Cut what comes before the first clearly audible sample."""
    audible = np.abs(samples.astype(np.int32)) >= _AUDIBLE
    if not audible.any():
        raise ValueError("a reply must have an audible sample")
    return samples[int(np.argmax(audible)) :]


def _encoded(samples: NDArray[np.int16], transcript: str) -> Reply:
    wire = samples.astype("<i2").tobytes()
    starts = range(2 * _FIRST_SAMPLES, len(wire), 2 * _PIECE_SAMPLES)
    return Reply(
        transcript=transcript,
        samples=len(samples),
        first=wire[: 2 * _FIRST_SAMPLES],
        pieces=tuple(_piece(wire[start : start + 2 * _PIECE_SAMPLES]) for start in starts),
    )


def _piece(wire: bytes) -> Piece:
    return Piece(base64.b64encode(wire), len(wire) // 2)
