from collections.abc import Callable
from pathlib import Path

import pytest

from harness.corpus import obtain_corpus, transform_clips, validate_manifest
from harness.corpus.sources.obtain import Corpus
from harness.errors import BadInput
from harness.model import NoProgress

CONDITIONS = {"clean": "clean", "phone": "noise:15+telephone:mulaw", "fast": "speed:1.2"}


@pytest.fixture
def corpus(tmp_path: Path, write_speech: Callable[..., Path]) -> Corpus:
    for seed in (2, 3):
        write_speech(tmp_path / "corpus" / f"{seed}.wav", seed=seed)
    return obtain_corpus(str(tmp_path / "corpus"), tmp_path / "cache", NoProgress())


def _transform(corpus: Corpus, out: Path, seed: int = 1) -> Path:
    return transform_clips(corpus.folder, corpus.clips, CONDITIONS, seed, out, NoProgress())


def test_every_utterance_is_there_under_every_condition(corpus: Corpus, tmp_path: Path) -> None:
    manifest = _transform(corpus, tmp_path / "out")
    assert validate_manifest(manifest, NoProgress()).wrong == ()
    made = obtain_corpus(str(manifest), tmp_path / "cache", NoProgress())
    pairs = {(clip.utterance, clip.condition) for clip in made.clips}
    assert pairs == {(clip.id, name) for clip in corpus.clips for name in CONDITIONS}
    by_id = {clip.id: clip for clip in made.clips}
    for clip in corpus.clips:
        assert by_id[f"{clip.id}@phone"].speech_end_s == pytest.approx(clip.speech_end_s, abs=1e-4)
        assert by_id[f"{clip.id}@fast"].speech_end_s == pytest.approx(clip.speech_end_s / 1.2)
        assert by_id[f"{clip.id}@phone"].end_source == clip.end_source
        assert "noise:15+telephone:mulaw seed=1" in by_id[f"{clip.id}@phone"].transforms[0]


def test_the_seed_decides_every_byte(corpus: Corpus, tmp_path: Path) -> None:
    made = [_transform(corpus, tmp_path / str(n), seed) for n, seed in enumerate((1, 1, 2))]
    first, again, other = ((path.parent / "phone" / "00000.wav").read_bytes() for path in made)
    assert first == again != other


def test_what_is_there_is_never_overwritten(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    with pytest.raises(BadInput, match="not empty"):
        _transform(corpus, tmp_path / "out")
    with pytest.raises(BadInput, match="no name"):
        transform_clips(
            corpus.folder, corpus.clips, {"../x": "clean"}, 1, tmp_path / "new", NoProgress()
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "corpus", "out"]
