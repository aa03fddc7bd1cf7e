from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.recording.files import append_bytes, read_bytes, replace_file


def test_a_file_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "summary.json"
    replace_file(file, b"one")
    replace_file(file, b"two")
    assert file.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_replacement_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "summary.json"
    replace_file(file, b"one")

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(BadInput, match="No space left"):
        replace_file(file, b"two")
    assert file.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="gone"):
        replace_file(tmp_path / "gone" / "x", b"")
    with pytest.raises(BadInput, match="gone"):
        append_bytes(tmp_path / "gone" / "x", b"y")


def test_bytes_are_appended(tmp_path: Path) -> None:
    append_bytes(tmp_path / "x", b"one\n")
    append_bytes(tmp_path / "x", b"two\n")
    assert read_bytes(tmp_path / "x") == b"one\ntwo\n"


def test_a_missing_file_is_none_and_an_unreadable_one_is_refused(tmp_path: Path) -> None:
    assert read_bytes(tmp_path / "x") is None
    with pytest.raises(BadInput, match="cannot be read"):
        read_bytes(tmp_path)
