import io
import stat
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.sources.download import Archive
from harness.corpus.sources.origin_note import Unavailable
from harness.corpus.sources.unpack import unpack
from harness.model import NoProgress

needs_safe_tar = pytest.mark.skipif(
    not hasattr(tarfile, "data_filter"), reason="tar archives are unpacked from Python 3.11.4 on"
)


def _archive(address: str, **changes: Any) -> Archive:
    fields: dict[str, Any] = {
        "address": address,
        "md5": "",
        "most_bytes": 2_000_000,
        "most_unpacked_bytes": 10_000,
    }
    return Archive(**(fields | changes))


def _tar(folder: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    path = folder / "archive.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


@needs_safe_tar
def test_plain_files_are_unpacked_with_progress(tmp_path: Path, told: Any) -> None:
    file = _tar(tmp_path, (tarfile.TarInfo("deep/a.txt"), b"hello"))
    unpack(_archive("http://x"), file, tmp_path / "out", told)
    assert told.advances[-1][1] == file.stat().st_size
    assert (tmp_path / "out" / "deep" / "a.txt").read_bytes() == b"hello"


def _link(kind: bytes, to: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo("link")
    member.type, member.linkname = kind, to
    return member


@needs_safe_tar
@pytest.mark.parametrize(
    ("member", "size", "why"),
    [
        (tarfile.TarInfo("../outside.txt"), 1, "outside"),
        (_link(tarfile.SYMTYPE, "/etc/passwd"), 0, "neither a file nor a folder"),
        (_link(tarfile.LNKTYPE, "a"), 0, "neither a file nor a folder"),
        (_link(tarfile.FIFOTYPE, ""), 0, "neither a file nor a folder"),
        (tarfile.TarInfo("bomb"), 10_001, "more than it should"),
    ],
)
def test_an_archive_that_reaches_out_or_swells_is_refused(
    tmp_path: Path, member: tarfile.TarInfo, size: int, why: str
) -> None:
    file = _tar(tmp_path, (member, b"x" * size))
    with pytest.raises(Unavailable, match=why):
        unpack(_archive("http://x"), file, tmp_path / "deep" / "out", NoProgress())
    assert not list(tmp_path.rglob("outside.txt"))


@needs_safe_tar
def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    file = _tar(tmp_path, (tarfile.TarInfo("a"), b"x" * 5_000))
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(Unavailable, match="the archive at"):
        unpack(_archive("http://x"), file, tmp_path / "out", NoProgress())


def _zip(folder: Path, *members: tuple[zipfile.ZipInfo, bytes]) -> Path:
    path = folder / "archive.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for member, content in members:
            packed.writestr(member, content)
    return path


def _zip_link() -> zipfile.ZipInfo:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    return link


def test_a_zip_is_unpacked(tmp_path: Path) -> None:
    file = _zip(tmp_path, (zipfile.ZipInfo("deep/"), b""), (zipfile.ZipInfo("deep/a"), b"hello"))
    unpack(_archive("http://x"), file, tmp_path / "out", NoProgress())
    assert (tmp_path / "out" / "deep" / "a").read_bytes() == b"hello"


@pytest.mark.parametrize(
    ("member", "size", "why"),
    [
        (zipfile.ZipInfo("../outside.txt"), 1, "outside"),
        (zipfile.ZipInfo("/outside.txt"), 1, "outside"),
        (_zip_link(), 10, "neither a file nor a folder"),
        (zipfile.ZipInfo("bomb"), 10_001, "more than it should"),
    ],
)
def test_a_zip_that_reaches_out_or_swells_is_refused(
    tmp_path: Path, member: zipfile.ZipInfo, size: int, why: str
) -> None:
    file = _zip(tmp_path, (member, b"x" * size))
    with pytest.raises(Unavailable, match=why):
        unpack(_archive("http://x"), file, tmp_path / "deep" / "out", NoProgress())
    assert not list(tmp_path.rglob("outside.txt"))


def test_an_archive_of_too_many_members_is_refused(tmp_path: Path) -> None:
    members = [(zipfile.ZipInfo(str(number)), b"") for number in range(5)]
    with pytest.raises(Unavailable, match="more than it should"):
        unpack(
            _archive("http://x", most_members=4),
            _zip(tmp_path, *members),
            tmp_path / "out",
            NoProgress(),
        )


def test_a_zip_cut_short_is_refused(tmp_path: Path) -> None:
    file = _zip(tmp_path, (zipfile.ZipInfo("a"), b"x" * 5_000))
    content = bytearray(file.read_bytes())
    content[45:60] = bytes(15)
    file.write_bytes(content)
    with pytest.raises(Unavailable, match="the archive at"):
        unpack(_archive("http://x"), file, tmp_path / "out", NoProgress())
