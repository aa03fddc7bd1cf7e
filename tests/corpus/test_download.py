import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.download import Archive, download, unpack
from harness.corpus.source import Unavailable
from harness.model import Unshown

BODY = bytes(range(256)) * 4_000


def _archive(address: str, body: bytes = BODY, /, **changes: Any) -> Archive:
    fields: dict[str, Any] = {
        "address": address,
        "sha256": hashlib.sha256(body).hexdigest(),
        "md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
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


def test_a_good_file_arrives_with_progress(web: Any, told: Any, tmp_path: Path) -> None:
    download(_archive(web.serve("/a", BODY)), tmp_path / "a", told)
    assert (tmp_path / "a").read_bytes() == BODY
    assert told.advances[-1] == (len(BODY), len(BODY))


def test_a_truncated_file_is_refused(web: Any, tmp_path: Path) -> None:
    address = web.serve("/a", BODY[:1000], claimed=len(BODY))
    with pytest.raises(Unavailable, match="broke off after 1000 of 1024000 bytes"):
        download(_archive(address), tmp_path / "a", Unshown())


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_a_file_with_another_digest_is_refused(web: Any, tmp_path: Path, kind: str) -> None:
    archive = _archive(web.serve("/a", BODY), BODY, **{kind: "0" * 32})
    with pytest.raises(Unavailable, match="another file"):
        download(archive, tmp_path / "a", Unshown())


def test_a_file_that_does_not_stop_is_refused(web: Any, tmp_path: Path) -> None:
    archive = _archive(web.serve("/a", BODY), most_bytes=300_000)
    with pytest.raises(Unavailable, match="more than the file should hold"):
        download(archive, tmp_path / "a", Unshown())
    assert (tmp_path / "a").stat().st_size <= 300_000


def test_an_address_that_does_not_answer_is_named(web: Any, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="/none: HTTP Error 404"):
        download(_archive(f"{web.address}/none"), tmp_path / "a", Unshown())
    with pytest.raises(Unavailable, match="not an http address"):
        download(_archive("file:///etc/hosts"), tmp_path / "a", Unshown())


def test_plain_files_are_unpacked(tmp_path: Path) -> None:
    file = _tar(tmp_path, (tarfile.TarInfo("deep/a.txt"), b"hello"))
    unpack(_archive("http://x"), file, tmp_path / "out")
    assert (tmp_path / "out" / "deep" / "a.txt").read_bytes() == b"hello"


def _link(kind: bytes, to: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo("link")
    member.type, member.linkname = kind, to
    return member


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
        unpack(_archive("http://x"), file, tmp_path / "deep" / "out")
    assert not list(tmp_path.rglob("outside.txt"))


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    file = _tar(tmp_path, (tarfile.TarInfo("a"), b"x" * 5_000))
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(Unavailable, match="the archive at"):
        unpack(_archive("http://x"), file, tmp_path / "out")
