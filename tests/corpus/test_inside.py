import unicodedata
from pathlib import Path

import pytest

from harness.corpus.inside import as_on_disk, inside


@pytest.mark.parametrize("name", ["a.wav", "deep/a.wav", "deep/../..x", "..x/a", "a b.wav"])
def test_a_path_that_stays_inside_is_followed(tmp_path: Path, name: str) -> None:
    assert (inside(tmp_path, name) is None) == (".." in Path(name).parts)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../a", "a/../../b", "a\0b", "..\\a"])
def test_a_path_that_leads_out_is_not(tmp_path: Path, name: str) -> None:
    assert inside(tmp_path, name) is None


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "secret.wav").touch()
    (tmp_path / "corpus" / "link.wav").symlink_to(tmp_path / "secret.wav")
    assert inside(tmp_path / "corpus", "link.wav") is None
    (tmp_path / "alias").symlink_to(tmp_path / "corpus")
    assert inside(tmp_path / "alias", "a.wav") is not None


def test_a_name_is_found_in_its_other_spellings_unless_two_would_do(tmp_path: Path) -> None:
    folder = tmp_path / unicodedata.normalize("NFD", "été")
    folder.mkdir()
    (folder / "A.WAV").touch()
    asked = tmp_path / unicodedata.normalize("NFC", "été")
    assert as_on_disk(asked / "a.wav") == folder / "A.WAV"
    (folder / "a.Wav").touch()
    assert as_on_disk(asked / "a.wav") is None
    (folder / "a.wav").touch()
    assert as_on_disk(folder / "a.wav") == folder / "a.wav"
    assert as_on_disk(tmp_path / "none" / "a.wav") is None
