import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from harness.corpus import (
    annotate_manifest,
    import_corpus,
    load_utterance,
    obtain_corpus,
    speech_like,
)
from harness.corpus.manifest import load_manifest
from harness.corpus.marks.annotate import ANNOTATOR
from harness.corpus.recording import Recording
from harness.errors import BadInput
from harness.model import NoProgress

WriteSpeech = Callable[..., Path]


def _speech() -> np.ndarray:
    rng = np.random.default_rng(2)
    silence = np.zeros(4_800, dtype=np.int16)
    return np.concatenate((silence, speech_like(rng, 0.8, 16_000), silence))


def _odd_files(root: Path) -> dict[str, str | None]:
    """Write every kind of file a corpus may hold; return what is to be said of each."""
    speech = _speech()
    for name, rate_hz, subtype in (
        ("float.wav", 16_000, "FLOAT"),
        ("deep.wav", 16_000, "PCM_24"),
        ("mp3.mp3", 16_000, None),
        ("vorbis.ogg", 16_000, "VORBIS"),
        ("opus.opus", 16_000, "OPUS"),
    ):
        form = "OGG" if name.endswith("opus") else None
        soundfile.write(root / name, speech / 32768, rate_hz, subtype=subtype, format=form)
    soundfile.write(root / "eight.wav", np.stack([speech] * 8, axis=1), 16_000)
    soundfile.write(root / "fast.wav", np.repeat(speech, 12), 192_000)
    soundfile.write(root / "really-flac.wav", speech, 16_000, format="FLAC")
    soundfile.write(root / "silent.wav", np.zeros(16_000, dtype=np.int16), 16_000)
    soundfile.write(root / "empty.wav", np.zeros(0, dtype=np.int16), 16_000)
    soundfile.write(root / "one.wav", np.ones(1, dtype=np.int16), 16_000)
    soundfile.write(root / "cut.wav", speech, 16_000)
    soundfile.write(root / "cut.flac", speech, 16_000)
    for name in ("cut.wav", "cut.flac"):
        (root / name).write_bytes((root / name).read_bytes()[:9_000])
    (root / "zero.wav").touch()
    (root / "text.wav").write_text("not audio")
    (root / "nothing.flac").write_bytes(b"fLaC" + bytes(60))
    return {
        "float": None, "deep": None, "mp3": None, "vorbis": None, "opus": None, "eight": None,
        "fast": None, "really-flac": None,
        "silent.wav": "no speech", "empty.wav": "no audio", "one.wav": "no audio",
        "cut.wav": "breaks off", "cut.flac": "not readable", "zero.wav": "not readable",
        "text.wav": "not readable", "nothing.flac": "",
    }  # fmt: skip


def test_each_odd_file_is_read_rightly_or_refused_by_name(tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    root.mkdir()
    expected = _odd_files(root)
    done = import_corpus(root, tmp_path / "m.jsonl", NoProgress())
    read = {name for name, why in expected.items() if why is None}
    corpus = obtain_corpus(str(tmp_path / "m.jsonl"), tmp_path / "cache", NoProgress())
    assert {clip.id for clip in corpus.clips} == read
    for name, why in expected.items():
        if why is not None:
            assert any(line.startswith(f"{name}: ") and why in line for line in done.left_out), name
    ends = [clip.speech_end_s for clip in corpus.clips]
    assert max(ends) - min(ends) < 0.12
    for name in read:
        assert load_utterance(corpus, name, 24_000).samples.any()


def test_strict_refuses_the_whole(tmp_path: Path, write_speech: WriteSpeech) -> None:
    write_speech(tmp_path / "corpus" / "a.wav")
    (tmp_path / "corpus" / "b.wav").touch()
    with pytest.raises(BadInput, match=r"1 could not be used, first b\.wav"):
        import_corpus(tmp_path / "corpus", tmp_path / "m.jsonl", NoProgress(), strict=True)
    assert not (tmp_path / "m.jsonl").exists()


def test_marks_of_the_collection_win_and_cuts_are_cut(
    tmp_path: Path, write_speech: WriteSpeech
) -> None:
    root = tmp_path / "corpus"
    write_speech(root / "a.wav", speech_s=2.0)
    (root / "a.ctm").write_text("a 1 0.3 0.4 good\na 1 0.8 0.6 day\n")
    import_corpus(root, tmp_path / "m.jsonl", NoProgress())
    (clip,) = obtain_corpus(str(tmp_path / "m.jsonl"), tmp_path / "cache", NoProgress()).clips
    assert (clip.speech_end_s, clip.end_source) == (1.4, "alignment-ctm")
    assert clip.second_source == ANNOTATOR
    assert (clip.transcript, clip.end_uncertainty_ms) == ("good day", 30.0)


def test_a_clip_on_whose_end_two_methods_disagree_is_named(
    tmp_path: Path, write_speech: WriteSpeech
) -> None:
    root = tmp_path / "corpus"
    write_speech(root / "a.wav", speech_s=2.0)
    (root / "a.ctm").write_text("a 1 0.3 0.4 early\n")
    done = import_corpus(root, tmp_path / "m.jsonl", NoProgress())
    assert [clip.id for clip in done.doubtful] == ["a"]


def test_without_annotation_speech_is_marked_when_asked_for_or_when_used(
    tmp_path: Path, write_speech: WriteSpeech
) -> None:
    write_speech(tmp_path / "corpus" / "a.wav")
    manifest = tmp_path / "m.jsonl"
    done = import_corpus(tmp_path / "corpus", manifest, NoProgress(), annotated=False)
    assert (done.clips, done.unmarked) == (0, 1)
    assert isinstance(load_manifest(manifest)[1][0], Recording)
    used = obtain_corpus(str(manifest), tmp_path / "cache", NoProgress())
    annotate_manifest(manifest, NoProgress())
    assert obtain_corpus(str(manifest), tmp_path / "cache", NoProgress()).clips == used.clips


def test_two_processes_find_what_one_finds(tmp_path: Path, write_speech: WriteSpeech) -> None:
    for number in range(26):
        write_speech(tmp_path / "corpus" / f"{number:02}.wav", seed=number, speech_s=0.4)
    for processes in (1, 2):
        out = tmp_path / f"{processes}.jsonl"
        import_corpus(tmp_path / "corpus", out, NoProgress(), processes=processes)
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()


def test_a_manifest_whose_file_changed_leaves_that_clip_out(
    tmp_path: Path, write_speech: WriteSpeech, told: Any
) -> None:
    write_speech(tmp_path / "corpus" / "a.wav", seed=2)
    write_speech(tmp_path / "corpus" / "b.wav", seed=3)
    import_corpus(tmp_path / "corpus", tmp_path / "m.jsonl", NoProgress())
    write_speech(tmp_path / "corpus" / "b.wav", seed=4)
    corpus = obtain_corpus(str(tmp_path / "m.jsonl"), tmp_path / "cache", told)
    assert [clip.id for clip in corpus.clips] == ["a"]
    assert any("b.wav: is not the file" in step for step in told.steps)


def test_what_is_no_corpus_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    for path in (tmp_path / "corpus", tmp_path / "none"):
        with pytest.raises(BadInput):
            import_corpus(path, tmp_path / "m.jsonl", NoProgress())
    (tmp_path / "corpus" / "x.json").write_text('{"audio_filepath": "a.wav"}\n[]\n')
    with pytest.raises(BadInput, match=r"x\.json line 2"):
        import_corpus(tmp_path / "corpus", tmp_path / "m.jsonl", NoProgress())
    with pytest.raises(BadInput, match="no such format"):
        import_corpus(tmp_path / "corpus", tmp_path / "m", NoProgress(), format_name="x")


def test_a_manifest_that_reaches_out_is_refused(tmp_path: Path, write_speech: WriteSpeech) -> None:
    write_speech(tmp_path / "corpus" / "a.wav")
    manifest = tmp_path / "m.jsonl"
    import_corpus(tmp_path / "corpus", manifest, NoProgress())
    head, line = manifest.read_text().splitlines()
    row = json.loads(line)
    for changed, why in (
        (row | {"path": "../corpus/a.wav"}, "leads out"),
        (row | {"speech_end_s": 99.0}, "line 2: not understood"),
        (row | {"rate_hz": "x"}, "line 2: not understood"),
    ):
        manifest.write_text(f"{head}\n{json.dumps(changed)}\n")
        with pytest.raises(BadInput, match=why):
            load_manifest(manifest)
    manifest.write_text(f"{head}\n{line}\n{line}\n")
    with pytest.raises(BadInput, match="second clip"):
        load_manifest(manifest)
    manifest.write_text(f"{line}\n")
    with pytest.raises(BadInput, match="head of schema"):
        load_manifest(manifest)
