"""Clips read, resampled once, their marks moved along."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.corpus.sound import Unreadable, read, resample
from harness.corpus.sources.obtain import Corpus
from harness.errors import BadInput
from harness.model import Clip, Utterance


def load_utterances(corpus: Corpus, rate_hz: int) -> dict[str, Utterance]:
    """Return every clip of a corpus at one rate, by id: two bytes a sample in memory.

    Raises:
        BadInput: A file has gone or changed since the corpus was obtained.
    """
    return {clip.id: load_clip(corpus, clip, rate_hz) for clip in corpus.clips}


def load_utterance(corpus: Corpus, clip_id: str, rate_hz: int) -> Utterance:
    """Return one clip of a corpus.

    Raises:
        BadInput: There is no such clip, or its file has gone or changed.
    """
    for clip in corpus.clips:
        if clip.id == clip_id:
            return load_clip(corpus, clip, rate_hz)
    raise BadInput(
        f"has no clip {clip_id}",
        where=f"corpus {corpus.facts.name}",
        hint="harness corpus show lists its clips",
    )


def load_sound(folder: Path, clip: Clip) -> tuple[NDArray[np.int16], int]:
    """Return the samples of a clip, int16, shape (n,), at its file's own rate, and that rate.

    Raises:
        BadInput: Its file has gone or changed.
    """
    try:
        sound = read(folder / clip.path, clip.offset_s, clip.duration_s, clip.channel)
    except Unreadable as error:
        raise BadInput(str(error), where=f"clip {clip.id}") from error
    return sound.samples, sound.rate_hz


def load_clip(corpus: Corpus, clip: Clip, rate_hz: int) -> Utterance:
    """Return one clip of a corpus, as `load_utterance` does for its id."""
    try:
        sound = read(corpus.folder / clip.path, clip.offset_s, clip.duration_s, clip.channel)
        samples = resample(sound.samples, sound.rate_hz, rate_hz)
        return Utterance(
            id=clip.id,
            samples=samples,
            rate_hz=rate_hz,
            speech_onset_sample=round(clip.speech_start_s * rate_hz),
            speech_end_sample=min(round(clip.speech_end_s * rate_hz), len(samples) - 1),
            end_uncertainty_ms=clip.end_uncertainty_ms,
            transcript=clip.transcript,
            condition=clip.condition,
        )
    except (Unreadable, ValueError) as error:
        raise BadInput(
            f"changed while it was in use: {error}",
            where=f"corpus {corpus.facts.name}, clip {clip.id}",
            hint="Start again with the files as they should be",
        ) from error
