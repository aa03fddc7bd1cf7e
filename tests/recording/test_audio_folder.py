"""The folder of recordings: whole files, told lines, within its bound."""

from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.model import RecordedFor, Recording
from harness.recording import AUDIO, AudioFolder, read_recordings


def recording(name: str, size: int = 100) -> Recording:
    return Recording(
        session_id=name,
        turn_index=0,
        why=RecordedFor.SLOWEST,
        rank=1.0,
        file=f"{name}.flac",
        start_ns=5,
        rate_hz=24_000,
        samples=10,
        size_bytes=size,
        underruns_ns=((1, 2),),
    )


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    folder = AudioFolder(tmp_path, 1_000)
    assert folder.keep(recording("a"), bytes(100))
    assert folder.keep(recording("b"), bytes(100))
    assert read_recordings(tmp_path) == (recording("a"), recording("b"))
    assert (tmp_path / AUDIO / "a.flac").read_bytes() == bytes(100)
    assert (len(folder), folder.bytes_kept) == (2, 200)


def test_nothing_is_made_before_the_first(tmp_path: Path) -> None:
    folder = AudioFolder(tmp_path, 50)
    assert not folder.keep(recording("a"), bytes(100))
    assert list(tmp_path.iterdir()) == []
    assert read_recordings(tmp_path) == ()


def test_what_is_removed_makes_room(tmp_path: Path) -> None:
    folder = AudioFolder(tmp_path, 150)
    assert folder.keep(recording("a"), bytes(100))
    assert not folder.keep(recording("b"), bytes(100))
    folder.remove("a.flac")
    folder.remove("never.flac")
    assert folder.keep(recording("b"), bytes(100))
    assert read_recordings(tmp_path) == (recording("b"),)
    assert {path.name for path in (tmp_path / AUDIO).iterdir()} == {"b.flac", "recordings.jsonl"}


def test_a_killed_run_keeps_what_was_written_whole(tmp_path: Path) -> None:
    folder = AudioFolder(tmp_path, 1_000)
    folder.keep(recording("a"), bytes(100))
    folder.keep(recording("b"), bytes(100))
    lines = tmp_path / AUDIO / "recordings.jsonl"
    lines.write_bytes(lines.read_bytes()[:-20])
    assert read_recordings(tmp_path) == (recording("a"),)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / AUDIO).write_text("in the way")
    with pytest.raises(BadInput, match="recordings"):
        AudioFolder(tmp_path, 1_000).keep(recording("a"), b"x")
