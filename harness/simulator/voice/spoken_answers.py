"""Responses, made and encoded once for each format and shared by all sessions."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.corpus import speech_like
from harness.errors import BadInput
from harness.simulator.voice.recorded import Answer, from_first_audible
from harness.simulator.voice.sound_formats import Samples, SoundFormat

_SHORTEST_S, _LONGEST_S = 1.2, 2.2

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
class SpokenAnswer:
    """One response without the silence at its head; its very first sample is audible.

    Attributes:
        transcript: What it is said to say.
        format: How its audio is written.
        audio: All of it, on the wire.
        first: The audio of the first piece, to which silence is added.
        pieces: The pieces after it.
        lead_samples: Longest piece of the silence that may be put in front.
    """

    transcript: str
    format: SoundFormat
    audio: bytes
    first: bytes
    pieces: tuple[Piece, ...]
    lead_samples: int

    def with_lead(self, lead_samples: int) -> tuple[list[Piece], int]:
        """Put exact digital silence in front.

        Returns:
            All pieces, and the index of the one that holds the first audible sample.
        """
        whole, rest = divmod(lead_samples, self.lead_samples)
        silence = [self._piece(self.format.silence(self.lead_samples))] * whole
        first = self._piece(self.format.silence(rest) + self.first)
        return [*silence, first, *self.pieces], whole

    def oversized(self, least_bytes: int) -> Piece:
        """Return all but the first piece as one, with silence after it to make up its size."""
        rest = self.audio[len(self.first) :]
        missing = max(0, least_bytes - len(rest)) // self.format.sample_bytes
        return self._piece(rest + self.format.silence(missing))

    def _piece(self, wire: bytes) -> Piece:
        return Piece(base64.b64encode(wire), len(wire) // self.format.sample_bytes)


@dataclass(frozen=True, slots=True)
class DeltaSizes:
    """How long the pieces of a response are, in milliseconds.

    Attributes:
        first_ms: The first, to which the silence at the head is added.
        least_ms: The shortest of the others; they are drawn evenly.
        most_ms: The longest of them.
    """

    first_ms: int = 50
    least_ms: int = 100
    most_ms: int = 100

    def __post_init__(self) -> None:
        """Refuse what is no length of a delta."""
        if not (1 <= self.first_ms <= 10_000 and 1 <= self.least_ms <= self.most_ms <= 10_000):
            raise BadInput(
                "must be 1 to 10000 ms, the smaller first",
                where=f"delta sizes {self.first_ms}, {self.least_ms}, {self.most_ms}",
                hint="Such as 100, or 20,200 for sizes drawn between the two",
            )

    def pieces_ms(self, rng: np.random.Generator, duration_ms: int) -> list[int]:
        """Draw the pieces after the first, until they hold so much audio."""
        drawn = list[int]()
        while sum(drawn) < duration_ms:
            drawn.append(int(rng.integers(self.least_ms, self.most_ms, endpoint=True)))
        return drawn


class SpokenAnswers:
    """The responses of a server: the n-th is the same in every format but for its coding.

    Args:
        seed: Source of the speech and of the pieces' lengths.
        count: How many there are when they are made; recorded answers are all used.
        answers: Recorded speech to answer with; none makes speech up.
        delta_sizes: How long the pieces are.
    """

    def __init__(
        self,
        seed: int,
        count: int,
        answers: tuple[Answer, ...] = (),
        delta_sizes: DeltaSizes | None = None,
    ) -> None:
        self._seed = seed
        self._count = len(answers) or count
        self._answers = answers
        self._sizes = delta_sizes or DeltaSizes()
        self._made: dict[str, tuple[SpokenAnswer, ...]] = {}

    def __len__(self) -> int:
        return self._count

    def get(self, number: int, sound: SoundFormat) -> SpokenAnswer:
        """Return one of the responses, from 0, in a format."""
        if sound.name not in self._made:
            spoken = self._recorded(sound) if self._answers else self._made_up(sound)
            self._made[sound.name] = tuple(
                _encoded(
                    samples, words, sound, self._sizes, np.random.default_rng([self._seed, 0, n])
                )
                for n, (samples, words) in enumerate(spoken, start=4)
            )
        return self._made[sound.name][number]

    def _recorded(self, sound: SoundFormat) -> Iterator[tuple[Samples, str]]:
        for answer in self._answers:
            yield answer.samples[sound.rate_hz], answer.transcript

    def _made_up(self, sound: SoundFormat) -> Iterator[tuple[Samples, str]]:
        """Make responses of 1.2 to 2.2 s."""
        rng = np.random.default_rng([self._seed, 0, 1])
        lengths_s = rng.uniform(_SHORTEST_S, _LONGEST_S, self._count)
        for number, length_s in enumerate(lengths_s):
            samples = from_first_audible(speech_like(rng, float(length_s), sound.rate_hz))
            if samples is None:
                raise ValueError("a response must have an audible sample")
            yield samples, SENTENCES[number % len(SENTENCES)]


def _encoded(
    samples: Samples,
    transcript: str,
    sound: SoundFormat,
    delta_sizes: DeltaSizes,
    rng: np.random.Generator,
) -> SpokenAnswer:
    wire = sound.encode(samples)
    per_ms = sound.rate_hz * sound.sample_bytes // 1000
    at, pieces = delta_sizes.first_ms * per_ms, []
    for length_ms in delta_sizes.pieces_ms(rng, (len(wire) - at) // per_ms + 1):
        piece = wire[at : at + length_ms * per_ms]
        at += len(piece)
        if piece:
            pieces.append(Piece(base64.b64encode(piece), len(piece) // sound.sample_bytes))
    return SpokenAnswer(
        transcript=transcript,
        format=sound,
        audio=wire,
        first=wire[: delta_sizes.first_ms * per_ms],
        pieces=tuple(pieces),
        lead_samples=delta_sizes.most_ms * sound.rate_hz // 1000,
    )
