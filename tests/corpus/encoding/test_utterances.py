from collections.abc import Callable
from pathlib import Path

import pytest

from harness.corpus import Corpus, load_utterance, load_utterances, obtain_corpus
from harness.errors import BadInput
from harness.model import NoProgress

WriteSpeech = Callable[..., Path]


@pytest.fixture
def corpus(tmp_path: Path, write_speech: WriteSpeech) -> Corpus:
    for seed, name in ((2, "a"), (3, "b")):
        write_speech(tmp_path / "clips" / f"{name}.wav", seed=seed)
    return obtain_corpus(str(tmp_path / "clips"), tmp_path / "cache", NoProgress())


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000])
def test_marks_move_with_the_rate(corpus: Corpus, rate_hz: int) -> None:
    utterances = load_utterances(corpus, rate_hz)
    assert list(utterances) == ["a", "b"]
    for clip in corpus.clips:
        utterance = utterances[clip.id]
        assert len(utterance.samples) == pytest.approx(clip.duration_s * rate_hz, abs=1)
        assert utterance.speech_onset_sample == pytest.approx(clip.speech_start_s * rate_hz, abs=1)
        assert utterance.speech_end_sample == pytest.approx(clip.speech_end_s * rate_hz, abs=1)
        assert utterance.end_uncertainty_ms == clip.end_uncertainty_ms


def test_an_unknown_clip_is_bad_input(corpus: Corpus) -> None:
    with pytest.raises(BadInput, match="has no clip zebra"):
        load_utterance(corpus, "zebra", 24_000)


def test_a_file_that_went_away_is_bad_input(corpus: Corpus) -> None:
    (corpus.folder / "a.wav").unlink()
    with pytest.raises(BadInput, match="clip a"):
        load_utterances(corpus, 24_000)
