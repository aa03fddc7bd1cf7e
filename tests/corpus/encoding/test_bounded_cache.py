import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.corpus.encoding.bounded_cache import BoundedFolder

_DIGEST_BYTES = 32


def _used(folder: Path, key: str, at_s: float) -> None:
    os.utime(folder / f"{key}.audio", (at_s, at_s))


def test_what_was_kept_comes_back_to_another_process_too(tmp_path: Path) -> None:
    BoundedFolder(tmp_path / "kept", 1_000).put("a", b"sound")
    assert BoundedFolder(tmp_path / "kept", 1_000).get("a") == b"sound"
    assert BoundedFolder(tmp_path / "kept", 1_000).get("b") is None


@pytest.mark.parametrize("damage", [b"", b"x" * 40, b"x" * 3])
def test_what_was_damaged_is_as_good_as_gone(tmp_path: Path, damage: bytes) -> None:
    folder = BoundedFolder(tmp_path, 1_000)
    folder.put("a", b"sound")
    (tmp_path / "a.audio").write_bytes(damage)
    assert folder.get("a") is None
    folder.put("a", b"sound")
    assert folder.get("a") == b"sound"


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    size = _DIGEST_BYTES + 100
    folder = BoundedFolder(tmp_path, 3 * size + size // 2)
    for age, key in enumerate("abc"):
        folder.put(key, bytes(100))
        _used(tmp_path, key, 1_000.0 + age)
    assert folder.get("a") is not None
    folder.put("d", bytes(100))
    assert folder.get("b") is None
    assert folder.get("a") is not None
    assert folder.get("d") is not None


@given(sizes=st.lists(st.integers(0, 700), max_size=30), bound=st.integers(0, 1_500))
def test_the_folder_never_holds_more_than_its_bound(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], bound: int
) -> None:
    folder = BoundedFolder(tmp_path_factory.mktemp("bounded") / "kept", bound)
    for number, size in enumerate(sizes):
        folder.put(str(number), bytes(size))
        assert folder.bytes_kept() <= bound
    if sizes and sizes[-1] + _DIGEST_BYTES <= bound:
        assert folder.get(str(len(sizes) - 1)) == bytes(sizes[-1])


def test_what_a_killed_process_left_is_swept_and_what_one_writes_now_is_not(tmp_path: Path) -> None:
    old, new = tmp_path / ".encoded-old", tmp_path / ".encoded-new"
    for scratch in (old, new):
        scratch.write_bytes(bytes(50))
    os.utime(old, (1_000.0, 1_000.0))
    folder = BoundedFolder(tmp_path, 200)
    for key in "abc":
        folder.put(key, bytes(60))
    assert not old.exists()
    assert new.exists()


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = BoundedFolder(tmp_path / "file", 1_000)
    folder.put("a", b"sound")
    assert folder.get("a") is None
    assert folder.bytes_kept() == 0
