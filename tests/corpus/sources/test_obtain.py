from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.corpus import KNOWN_CORPORA, import_corpus, load_utterance, obtain_corpus
from harness.corpus.sound import write
from harness.corpus.sources import librispeech
from harness.errors import BadInput
from harness.model import NoProgress

WriteSpeech = Callable[..., Path]


def test_without_tools_and_network_the_default_is_generated_and_says_why(
    web: Any, told: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    mini = librispeech.PARTS[librispeech.MINI]
    gone = replace(mini, archive=replace(mini.archive, address=f"{web.address}/gone"))
    monkeypatch.setitem(librispeech.PARTS, librispeech.MINI, gone)
    corpus = obtain_corpus(None, tmp_path / "cache", told)
    assert corpus.facts.synthetic
    assert corpus.facts.name == "synthetic"
    said = "\n".join(told.steps)
    assert "asterisk-en is not available (apt-get is not on PATH)" in said
    assert "mini-librispeech is not available" in said
    assert "404" in said


def test_generated_clips_end_exactly_where_they_say(tmp_path: Path) -> None:
    corpus = obtain_corpus("synthetic", tmp_path, NoProgress())
    assert (corpus.facts.end_source, corpus.facts.end_uncertainty_ms) == ("exact", 0.0)
    assert corpus.facts.clips == len(corpus.clips) == 24
    for clip in corpus.clips[:4]:
        utterance = load_utterance(corpus, clip.id, clip.rate_hz)
        loud = np.flatnonzero(utterance.samples)
        assert utterance.speech_onset_sample == loud[0]
        assert utterance.speech_end_sample == loud[-1]


def test_a_cached_corpus_is_not_made_again_and_has_the_same_digest(
    told: Any, tmp_path: Path
) -> None:
    first = obtain_corpus("synthetic", tmp_path, NoProgress())
    assert obtain_corpus("synthetic", tmp_path, told) == first
    assert told.steps == []


def test_a_damaged_cache_says_what_to_delete(tmp_path: Path) -> None:
    folder = obtain_corpus("synthetic", tmp_path, NoProgress()).folder
    for file in folder.glob("*.wav"):
        file.unlink()
    with pytest.raises(BadInput, match="Delete the folder corpora/synthetic-1"):
        obtain_corpus("synthetic", tmp_path, NoProgress())


def test_a_folder_is_read_and_never_written_to(tmp_path: Path, write_speech: WriteSpeech) -> None:
    folder = tmp_path / "my clips"
    write_speech(folder / "deep" / "hello.wav")
    corpus = obtain_corpus(str(folder), tmp_path / "cache", NoProgress())
    assert [clip.id for clip in corpus.clips] == ["deep/hello"]
    assert (corpus.facts.name, corpus.facts.synthetic) == ("my clips", False)
    assert str(tmp_path) not in repr(corpus.facts)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["hello.wav"]


def test_the_digest_follows_bytes_and_names(tmp_path: Path, write_speech: WriteSpeech) -> None:
    folder = tmp_path / "clips"
    file = write_speech(folder / "a.wav", seed=2)
    digests = {obtain_corpus(str(folder), tmp_path / "cache", NoProgress()).facts.digest}
    with file.open("r+b") as wav:
        # One sample of the silence behind the speech: no mark moves.
        wav.seek(-2, 2)
        wav.write(b"\1\0")
    digests.add(obtain_corpus(str(folder), tmp_path / "cache", NoProgress()).facts.digest)
    file.rename(folder / "b.wav")
    digests.add(obtain_corpus(str(folder), tmp_path / "cache", NoProgress()).facts.digest)
    assert len(digests) == 3


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        obtain_corpus("no-such-corpus", tmp_path, NoProgress())
    assert all(known.name in str(refused.value) for known in KNOWN_CORPORA)


@pytest.mark.parametrize("name", ["", "bad\0name", "x" * 5_000])
def test_a_name_that_names_nothing_is_bad_input(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        obtain_corpus(name, tmp_path, NoProgress())


def test_folders_without_speech_are_bad_input(tmp_path: Path) -> None:
    folder, cache = tmp_path / "clips", tmp_path / "cache"
    folder.mkdir()
    with pytest.raises(BadInput, match="no audio files"):
        obtain_corpus(str(folder), cache, NoProgress())
    write(folder / "silent.wav", np.zeros(16_000, dtype=np.int16), 16_000)
    (folder / "broken.wav").write_bytes(b"RIFF")
    with pytest.raises(BadInput, match="none of its 2 audio files is readable speech"):
        obtain_corpus(str(folder), cache, NoProgress())
    with pytest.raises(BadInput, match="is a file"):
        obtain_corpus(str(folder / "silent.wav"), cache, NoProgress())


def test_a_cache_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the cache should be")
    with pytest.raises(BadInput, match="HARNESS_CACHE"):
        obtain_corpus("synthetic", tmp_path / "cache", NoProgress())


def test_in_a_folder_an_alignment_wins_and_a_text_is_the_transcript(
    tmp_path: Path, write_speech: WriteSpeech, told: Any
) -> None:
    folder, cache = tmp_path / "clips", tmp_path / "cache"
    for name in "ab":
        write_speech(folder / f"{name}.wav")
    before = obtain_corpus(str(folder), cache, told)
    (folder / "a.ctm").write_text("a 1 0.20 0.30 hello\na 1 0.55 0.40 there\n")
    (folder / "b.txt").write_text("good morning\n")
    (folder / "b.ctm").write_text("")
    corpus = obtain_corpus(str(folder), cache, told)
    aligned, marked = corpus.clips
    assert aligned.end_source == "alignment-ctm"
    assert aligned.speech_end_s == pytest.approx(0.95)
    assert (aligned.transcript, marked.transcript) == ("hello there", "good morning")
    assert marked.end_source == before.clips[1].end_source
    assert any(step.startswith("not used: b.ctm: holds no words") for step in told.steps)
    assert before.facts.digest != corpus.facts.digest


@pytest.mark.parametrize(("name", "title"), [("manifest.jsonl", "degraded"), ("m.jsonl", "m")])
def test_a_manifest_that_is_just_called_so_is_named_after_its_folder(
    tmp_path: Path, write_speech: WriteSpeech, name: str, title: str
) -> None:
    write_speech(tmp_path / "degraded" / "a.wav")
    import_corpus(tmp_path / "degraded", tmp_path / "degraded" / name, NoProgress())
    corpus = obtain_corpus(str(tmp_path / "degraded" / name), tmp_path / "cache", NoProgress())
    assert corpus.facts.name == title
