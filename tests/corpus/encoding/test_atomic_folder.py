import os
from pathlib import Path

import pytest

from harness.corpus.encoding.atomic_folder import fill_folder


def test_a_folder_is_filled_whole_or_not_at_all(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "a").touch()
        (folder.parent / "beside").touch()

    fill_folder(tmp_path / "x", fill)
    assert [path.name for path in tmp_path.rglob("*")] == ["x", "a"]

    def fail(folder: Path) -> None:
        (folder / "a").touch()
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        fill_folder(tmp_path / "y", fail)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_what_the_dead_were_filling_is_swept_and_what_the_living_fill_is_not(
    tmp_path: Path,
) -> None:
    for name in (f".filling-{2**22 + 1}-abc", ".filling-old", f".filling-{os.getpid()}-abc"):
        (tmp_path / name).mkdir()
    fill_folder(tmp_path / "x", lambda folder: None)
    assert {path.name for path in tmp_path.iterdir()} == {"x", f".filling-{os.getpid()}-abc"}
