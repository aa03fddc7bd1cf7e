"""Replies, made and encoded once for each format and shared by all sessions."""

import base64
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.corpus import speech_like
from harness.simulator.sound_formats import PCM, SoundFormat

_SHORTEST_S, _LONGEST_S = 1.2, 2.2
# The first piece is shorter than the others, because the silence at the head is added to it.
_FIRST_MS = 50
_PIECE_MS = 100
# A reply begins at a sample that is audible by any sensible measure: -30 dBFS.
_AUDIBLE = 1036

SENTENCES = (
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
        format: How its audio is written.
        audio: All of it, on the wire.
        first: The audio of the first piece, to which silence is added.
        pieces: The pieces after it.
    """

    transcript: str
    format: SoundFormat
    audio: bytes
    first: bytes
    pieces: tuple[Piece, ...]

    def with_lead(self, lead_samples: int) -> tuple[list[Piece], int]:
        """Put exact digital silence in front.

        Returns:
            All pieces, and the index of the one that holds the first audible sample.
        """
        piece_samples = self.format.rate_hz * _PIECE_MS // 1000
        whole, rest = divmod(lead_samples, piece_samples)
        silence = [self._piece(self.format.silence(piece_samples))] * whole
        first = self._piece(self.format.silence(rest) + self.first)
        return [*silence, first, *self.pieces], whole

    def oversized(self, least_bytes: int) -> Piece:
        """Return all but the first piece as one, with silence after it to make up its size."""
        rest = self.audio[len(self.first) :]
        missing = max(0, least_bytes - len(rest)) // self.format.sample_bytes
        return self._piece(rest + self.format.silence(missing))

    def _piece(self, wire: bytes) -> Piece:
        return Piece(base64.b64encode(wire), len(wire) // self.format.sample_bytes)


class Replies:
    """The replies of a server: the n-th is the same in every format but for its coding.

    Args:
        seed: Source of the speech.
        count: How many there are.
    """

    def __init__(self, seed: int, count: int) -> None:
        self._seed, self._count = seed, count
        self._made: dict[str, tuple[Reply, ...]] = {}

    def __len__(self) -> int:
        return self._count

    def get(self, number: int, sound: SoundFormat) -> Reply:
        """Return one of the replies, from 0, in a format."""
        if sound.name not in self._made:
            self._made[sound.name] = _make(self._seed, self._count, sound)
        return self._made[sound.name][number]


def _make(seed: int, count: int, sound: SoundFormat) -> tuple[Reply, ...]:
    """Make replies of 1.2 to 2.2 s."""
    rng = np.random.default_rng([seed, 0, 1])
    lengths_s = rng.uniform(_SHORTEST_S, _LONGEST_S, count)
    return tuple(
        _encoded(
            _from_first_audible(speech_like(rng, float(length_s), sound.rate_hz)),
            SENTENCES[number % len(SENTENCES)],
            sound,
        )
        for number, length_s in enumerate(lengths_s)
    )


def _from_first_audible(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """Cut what comes before the first clearly audible sample."""
    audible = np.abs(samples.astype(np.int32)) >= _AUDIBLE
    if not audible.any():
        raise ValueError("a reply must have an audible sample")
    return samples[int(np.argmax(audible)) :]


def _encoded(samples: NDArray[np.int16], transcript: str, sound: SoundFormat = PCM) -> Reply:
    wire = sound.encode(samples)
    first_bytes, piece_bytes = (
        sound.rate_hz * ms // 1000 * sound.sample_bytes for ms in (_FIRST_MS, _PIECE_MS)
    )
    pieces = [wire[at : at + piece_bytes] for at in range(first_bytes, len(wire), piece_bytes)]
    return Reply(
        transcript=transcript,
        format=sound,
        audio=wire,
        first=wire[:first_bytes],
        pieces=tuple(
            Piece(base64.b64encode(piece), len(piece) // sound.sample_bytes) for piece in pieces
        ),
    )
