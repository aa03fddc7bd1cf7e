"""Answers in recorded speech: clips of a corpus, each cut to what can be heard of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.corpus import Corpus, load_utterance
from harness.errors import BadInput
from harness.simulator.voice.sound_formats import FORMATS

# A response begins at a sample that is audible by any sensible measure: -30 dBFS.
AUDIBLE = 1036
# More would cost memory and bring nothing.
_MOST_ANSWERS = 64
_SHORTEST_S, _LONGEST_S = 0.5, 20.0


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """Something to say.

    Attributes:
        transcript: Its words.
        samples: The same speech by sample rate in Hz; int16, shape (n,). Each begins at an audible
            sample.
    """

    transcript: str
    samples: Mapping[int, NDArray[np.int16]]


def answers_from(corpus: Corpus, seed: int) -> tuple[Answer, ...]:
    """Return clips of a corpus as answers, at most 64, drawn where there are more.

    Args:
        corpus: Recorded speech.
        seed: Source of the draw.

    Raises:
        BadInput: No clip is audible and of a usual length, or a file has changed.
    """
    fit = [clip for clip in corpus.clips if _SHORTEST_S <= clip.duration_s <= _LONGEST_S]
    order = np.random.default_rng([seed, 0, 3]).permutation(len(fit))
    answers = list[Answer]()
    for place in order:
        clip = fit[place]
        samples = {}
        for rate_hz in {sound.rate_hz for sound in FORMATS.values()}:
            said = load_utterance(corpus, clip.id, rate_hz)
            heard = from_first_audible(said.samples[: said.speech_end_sample + 1])
            if heard is not None:
                samples[rate_hz] = heard
        if len(samples) == len({sound.rate_hz for sound in FORMATS.values()}):
            answers.append(Answer(clip.transcript or "What was recorded.", samples))
        if len(answers) == _MOST_ANSWERS:
            break
    if not answers:
        raise BadInput(
            f"no clip of {_SHORTEST_S:g} to {_LONGEST_S:g} s can be heard clearly",
            where=f"corpus {corpus.facts.name}",
            hint="Choose louder or other recordings",
        )
    return tuple(answers)


def from_first_audible(samples: NDArray[np.int16]) -> NDArray[np.int16] | None:
    """Cut what comes before the first clearly audible sample; `None` when there is none."""
    audible = np.abs(samples.astype(np.int32)) >= AUDIBLE
    return samples[int(np.argmax(audible)) :] if audible.any() else None
