import wave
from pathlib import Path

import numpy as np
import pytest

from harness.corpus import Corpus
from harness.errors import BadInput
from harness.model import Clip, CorpusFacts
from harness.simulator import answers_from
from harness.simulator.voice.recorded import AUDIBLE

RATE_HZ = 16_000


def _corpus(folder: Path, *levels: int) -> Corpus:
    """One clip a level: half a second of silence, a tone of a second, half a second of noise."""
    clips = []
    for number, level in enumerate(levels):
        tone = level * np.sin(np.arange(RATE_HZ) * 2 * np.pi * 440 / RATE_HZ)
        samples = np.concatenate((np.zeros(RATE_HZ // 2), tone, np.full(RATE_HZ // 2, level)))
        with wave.open(str(folder / f"{number}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(samples.astype("<i2").tobytes())
        clips.append(
            Clip(
                id=f"clip{number}",
                path=f"{number}.wav",
                sha256="",
                rate_hz=RATE_HZ,
                channels=1,
                duration_s=2.0,
                speech_start_s=0.5,
                speech_end_s=1.5,
                end_source="exact",
                end_uncertainty_ms=0.0,
                transcript=f"words {number}",
            )
        )
    facts = CorpusFacts(
        name="tones",
        synthetic=True,
        clips=len(clips),
        digest="",
        licence="",
        source="",
        end_source="exact",
        end_uncertainty_ms=0.0,
    )
    return Corpus(facts=facts, folder=folder, clips=tuple(clips))


def test_answers_begin_audibly_end_with_the_speech_and_leave_out_what_is_too_quiet(
    tmp_path: Path,
) -> None:
    answers = answers_from(_corpus(tmp_path, 8_000, 100, 12_000), seed=1)
    assert sorted(answer.transcript for answer in answers) == ["words 0", "words 2"]
    for answer in answers:
        assert set(answer.samples) == {24_000, 8_000}
        for rate_hz, samples in answer.samples.items():
            assert abs(int(samples[0])) >= AUDIBLE
            assert len(samples) / rate_hz == pytest.approx(1.0, abs=0.01)


def test_equal_seeds_draw_equal_answers(tmp_path: Path) -> None:
    corpus = _corpus(tmp_path, 3_000, 4_000, 5_000, 6_000)
    one, same = ([a.transcript for a in answers_from(corpus, seed=4)] for _ in range(2))
    assert one == same


def test_corpus_with_nothing_to_hear_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="corpus tones"):
        answers_from(_corpus(tmp_path, 10), seed=1)
