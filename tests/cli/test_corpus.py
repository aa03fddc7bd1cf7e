from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.cli.app import run
from harness.corpus import DISK_MB, KNOWN_NOISES, encoded_folder, partials_beside, speech_like
from harness.corpus.sources.partial import Edition, kept_partial
from harness.errors import ExitCode


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))


def test_list_tells_what_is_cached(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpus", "list"]) == ExitCode.PASS
    assert "cached" not in capsys.readouterr().out
    assert run(["corpus", "fetch", "synthetic"]) == ExitCode.PASS
    assert "24 clips" in capsys.readouterr().out
    assert run(["corpus", "list"]) == ExitCode.PASS
    cached = [line for line in capsys.readouterr().out.splitlines() if "cached" in line]
    assert [line.split()[0] for line in cached] == ["synthetic"]


def test_show_prints_a_folder_with_its_marks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clips").mkdir()
    silence = np.zeros(8_000, dtype=np.int16)
    speech = speech_like(np.random.default_rng(2), 0.8, 16_000)
    clip = np.concatenate((silence, speech, silence))
    soundfile.write(tmp_path / "clips" / "hello.wav", clip, 16_000)
    assert run(["corpus", "show", str(tmp_path / "clips")]) == ExitCode.PASS
    shown = capsys.readouterr().out
    assert "silero-v6-median-65ms, ±60 ms" in shown
    assert "hello" in shown


def test_an_unknown_corpus_is_one_line_and_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpus", "show", "nope"]) == ExitCode.BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 1


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    folder.mkdir()
    silence = np.zeros(8_000, dtype=np.int16)
    for seed in (2, 3):
        speech = speech_like(np.random.default_rng(seed), 0.8, 16_000)
        clip = np.concatenate((silence, speech, silence))
        soundfile.write(folder / f"{seed}.wav", clip, 16_000)
    return folder


def test_a_collection_is_imported_validated_and_shown(
    collection: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "m.jsonl"
    (collection / "broken.wav").touch()
    assert run(["corpus", "import", str(collection), "--out", str(manifest)]) == ExitCode.PASS
    shown = capsys.readouterr().out
    assert "2 clips read as folder" in shown
    assert "left out: 1, first broken.wav" in shown
    assert run(["corpus", "validate", str(manifest)]) == ExitCode.PASS
    assert run(["corpus", "show", str(manifest)]) == ExitCode.PASS
    assert "2 clips" in capsys.readouterr().out
    (collection / "2.wav").unlink()
    assert run(["corpus", "validate", str(manifest)]) == ExitCode.FAIL
    assert "2: 2.wav cannot be opened" in capsys.readouterr().out
    strict = ["corpus", "import", str(collection), "--out", str(manifest), "--strict"]
    assert run(strict) == ExitCode.BAD_INPUT


def test_annotation_is_held_against_marks_read_by_hand(
    collection: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hand, review = tmp_path / "hand.jsonl", tmp_path / "review.html"
    hand.write_text('{"file": "2.wav", "speech_end_s": 1.3}\n')
    words = ["corpus", "annotate", str(collection), "--against", str(hand), "--review", str(review)]
    assert run(words) == ExitCode.PASS
    shown = capsys.readouterr().out
    assert "of 1, mean absolute" in shown
    assert "clamped to the clip's end 0" in shown
    assert review.read_text().startswith("<!doctype html>")


def test_conditions_are_made_and_paired(
    collection: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["corpus", "transform", str(collection), "--out", str(tmp_path / "out")]
    words += ["--condition", "clean", "--condition", "phone=telephone:alaw"]
    assert run(words) == ExitCode.PASS
    assert "2 utterances under clean, phone" in capsys.readouterr().out
    assert run(["corpus", "show", str(tmp_path / "out" / "manifest.jsonl")]) == ExitCode.PASS
    assert "3@phone" in capsys.readouterr().out
    assert run(words) == ExitCode.BAD_INPUT


def test_list_tells_what_an_earlier_attempt_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = KNOWN_NOISES[1].archive
    folder = partials_beside(KNOWN_NOISES[1].folder(tmp_path / "cache"))
    with kept_partial(folder, archive.address) as partial:
        partial.begin(Edition(size=9_000_000))
        partial.path.write_bytes(bytes(5_000_000))
    assert run(["corpus", "list"]) == ExitCode.PASS
    assert "5 MB of 1.3 GB fetched" in capsys.readouterr().out


def test_list_tells_how_much_encoded_speech_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    encoded_folder(tmp_path / "cache").put("a", bytes(3_000_000))
    monkeypatch.setenv(DISK_MB, "64")
    assert run(["corpus", "list"]) == ExitCode.PASS
    assert f"takes 3 MB of the cache, of at most 64 MB ({DISK_MB})" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["annotate", "gone.jsonl"], "gone.jsonl: there is no such manifest"),
        (["import", "EMPTY", "--out", "m.jsonl"], "EMPTY: holds no recordings (read as folder)"),
        (["import", "EMPTY", "--out", "m.jsonl", "--format", "kaldi"], "(read as kaldi)"),
        (["transform", "synthetic", "--out", "o", "--condition", "noise"], "not nothing"),
        (["transform", "synthetic", "--out", "o", "--condition", "a/b=clean"], "no name for a"),
    ],
    ids=["no manifest", "empty", "another format", "no number", "no name"],
)
def test_what_cannot_be_done_is_one_line_that_says_why(
    words: list[str],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "EMPTY").mkdir()
    assert run(["corpus", *words]) == ExitCode.BAD_INPUT
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith("harness: ")
    assert complaint in last
    assert not (tmp_path / "o").exists()
