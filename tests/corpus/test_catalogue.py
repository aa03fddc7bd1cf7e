import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.corpus.catalogue import describe, file_digests, plain_recordings
from harness.corpus.marks import examine
from harness.corpus.recording import Recording
from harness.corpus.sound import write
from harness.model import NoProgress

WriteSpeech = Callable[..., Path]


def _nothing_left_out(name: str, why: str) -> None:
    raise AssertionError(f"{name}: {why}")


def _describe(folder: Path, manifest: Path, progress: Any = None) -> list[str]:
    progress = progress or NoProgress()
    clips = describe(folder, plain_recordings(folder, _nothing_left_out), manifest, progress)
    return [clip.id for clip in clips]


def test_a_second_look_examines_only_what_changed(
    tmp_path: Path, write_speech: WriteSpeech, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, manifest = tmp_path / "clips", tmp_path / "manifest.jsonl"
    write_speech(folder / "a.wav", seed=2)
    write_speech(folder / "b.wav", seed=3)
    assert _describe(folder, manifest) == ["a", "b"]
    write_speech(folder / "b.wav", seed=6)
    examined: list[str] = []
    examine_one = examine.examine_one

    def watched(task: examine.Task) -> Any:
        examined.append(task[1].path)
        return examine_one(task)

    monkeypatch.setattr(examine, "examine_one", watched)
    assert _describe(folder, manifest) == ["a", "b"]
    assert _describe(folder, manifest) == ["a", "b"]
    assert examined == ["b.wav"]


def test_what_cannot_be_used_is_named_every_time_and_the_rest_still_loads(
    tmp_path: Path, write_speech: WriteSpeech, told: Any
) -> None:
    folder, manifest = tmp_path / "clips", tmp_path / "manifest.jsonl"
    write_speech(folder / "good.wav")
    (folder / "broken.flac").write_bytes(b"no audio")
    for _ in range(2):
        told.steps.clear()
        assert _describe(folder, manifest, told) == ["good"]
        assert any("broken.flac" in step and "not readable" in step for step in told.steps)


def test_a_long_list_of_useless_files_is_cut_short(tmp_path: Path, told: Any) -> None:
    for number in range(25):
        (tmp_path / f"{number}.wav").write_bytes(b"no audio")
    assert _describe(tmp_path, tmp_path / "manifest.jsonl", told) == []
    assert sum("skipped" in step for step in told.steps) == 11
    assert "15 more" in told.steps[-1]


def test_ids_are_unique_and_can_be_shown(tmp_path: Path) -> None:
    names = ["a.wav", "a.flac", "b/a.wav", "bell\x07.wav", "api_key_number.wav", ".hidden.wav"]
    for name in [*names, "notes.txt", ".git/c.wav"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = plain_recordings(tmp_path, _nothing_left_out)
    assert {recording.path for recording in found} == set(names) - {".hidden.wav"}
    ids = [recording.id for recording in found]
    assert len(set(ids)) == len(ids)
    assert "b/a" in ids
    assert all(name.isprintable() for name in ids)


def test_a_name_that_is_not_text_is_skipped_and_named(tmp_path: Path, told: Any) -> None:
    try:
        (tmp_path / "caf\udce9.wav").touch()
    except (OSError, UnicodeEncodeError):
        pytest.skip("this file system takes only text as names")
    left_out: list[tuple[str, str]] = []
    assert plain_recordings(tmp_path, lambda *said: left_out.append(said)) == []
    ((name, why),) = left_out
    assert "not UTF-8" in why
    name.encode()


def test_many_files_are_read_with_progress_and_few_without(
    tmp_path: Path, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = [Recording(id=str(n), path=f"{n % 3}.wav") for n in range(9)]
    for number in range(3):
        (tmp_path / f"{number}.wav").write_bytes(bytes([number]))
    found = file_digests(tmp_path, recordings, told)
    assert list(found) == ["0.wav", "1.wav", "2.wav"]
    assert told.advances == []
    monkeypatch.setattr("harness.corpus.catalogue._WORTH_A_STEP", 3)
    assert file_digests(tmp_path, recordings, told) == found
    assert told.advances == [(1, 3), (2, 3), (3, 3)]


def test_links_that_lead_to_nothing_or_to_folders_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "speech"
    (folder / "sub").mkdir(parents=True)
    write(folder / "a.wav", np.zeros(100, np.int16), 8_000)
    (folder / "b.wav").symlink_to("gone.wav")
    (folder / "c.wav").symlink_to("a.wav")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.wav")
    left_out: dict[str, str] = {}
    found = plain_recordings(folder, left_out.__setitem__)
    assert [each.path for each in found] == ["a.wav", "c.wav"]
    assert left_out == {
        "b.wav": "is a link to a file that is not there",
        "loop": "is a link to a folder, which is not followed",
        "pipe.wav": "is no file",
    }
