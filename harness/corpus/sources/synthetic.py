"""The corpus that is always available: generated clips whose speech ends are exact."""

from pathlib import Path

import numpy as np

from harness.corpus.marks.annotate import SpeechMarks
from harness.corpus.recording import Recording
from harness.corpus.sound import write
from harness.corpus.sources.generate import speech_like
from harness.corpus.sources.origin_note import write_source
from harness.model import Progress

LICENCE = "none needed: generated"
# Other clips than before, from here or from the generator, need a new edition in `obtain`.
_SEED = 20_260_101
_CLIPS = 24
_RATE_HZ = 24_000
_LEAD_SAMPLES = _RATE_HZ // 10
_TAIL_SAMPLES = _RATE_HZ * 3 // 10


def fill(folder: Path, progress: Progress) -> None:
    """Write the clips into `folder`: silence, speech, silence."""
    progress.step(f"generating {_CLIPS} clips of synthetic speech")
    for number, speech_samples in enumerate(_lengths()):
        rng = np.random.default_rng((_SEED, number))
        samples = np.zeros(_LEAD_SAMPLES + speech_samples + _TAIL_SAMPLES, dtype=np.int16)
        speech = speech_like(rng, speech_samples / _RATE_HZ, _RATE_HZ)
        samples[_LEAD_SAMPLES : _LEAD_SAMPLES + speech_samples] = speech
        write(folder / _file(number), samples, _RATE_HZ)
        progress.advance(number + 1, _CLIPS)
    write_source(folder, f"generated, seed {_SEED}")


def recordings(folder: Path) -> list[Recording]:
    """Return the clips with their exact marks; `folder` holds no more than the marks know."""
    del folder
    return [
        Recording(
            id=_file(number).removesuffix(".wav"),
            path=_file(number),
            licence=LICENCE,
            marks=SpeechMarks(
                start_s=_LEAD_SAMPLES / _RATE_HZ,
                end_s=(_LEAD_SAMPLES + speech_samples - 1) / _RATE_HZ,
                end_source="exact",
                end_uncertainty_ms=0.0,
            ),
        )
        for number, speech_samples in enumerate(_lengths())
    ]


def _lengths() -> list[int]:
    """Return the samples of speech in each clip: 1.2 to 4.8 s, shuffled by the seed."""
    lengths = np.linspace(1.2, 4.8, _CLIPS) * _RATE_HZ
    return [round(length) for length in np.random.default_rng(_SEED).permutation(lengths)]


def _file(number: int) -> str:
    return f"synthetic-{number:02}.wav"
