"""An archive unpacked without trusting it: plain files and folders only, inside, bounded."""

import shutil
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path

from harness.corpus.inside import inside
from harness.corpus.sources.download import Archive
from harness.corpus.sources.origin_note import Unavailable
from harness.errors import sanitised
from harness.model import Progress

_PIECE_BYTES = 256 * 1024


def unpack(archive: Archive, file: Path, folder: Path, progress: Progress) -> None:
    """Unpack plain files and folders of a downloaded tar or zip archive into `folder`.

    Args:
        archive: What the file should be.
        file: The archive.
        folder: Where to.
        progress: Told how much of the archive is unpacked.

    Raises:
        Unavailable: The archive is damaged, reaches outside or is larger than it should be.
    """
    try:
        if zipfile.is_zipfile(file):
            _unzip(archive, file, folder, progress)
        else:
            _untar(archive, file, folder, progress)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise Unavailable(f"the archive at {archive.address}: {sanitised(error)}") from error


def _untar(archive: Archive, file: Path, folder: Path, progress: Progress) -> None:
    if not hasattr(tarfile, "data_filter"):
        raise Unavailable("this Python is too old to unpack archives safely; 3.11.4 can")
    members = unpacked = 0
    size = file.stat().st_size

    def admit(member: tarfile.TarInfo, target: str) -> tarfile.TarInfo | None:
        nonlocal members, unpacked
        members, unpacked = members + 1, unpacked + member.size
        _bounded(archive, members, unpacked)
        if not (member.isreg() or member.isdir()):
            raise _no_file(archive, member.name)
        progress.advance(packed.tell(), size)
        return tarfile.data_filter(member, target)

    with file.open("rb") as packed, tarfile.open(fileobj=packed) as tar:
        tar.extractall(folder, filter=admit)  # noqa: S202


def _unzip(archive: Archive, file: Path, folder: Path, progress: Progress) -> None:
    """Unpack a zip: the bytes of a member are counted, whatever size it states."""
    unpacked = 0
    with zipfile.ZipFile(file) as packed:
        members = packed.infolist()
        promised = sum(member.file_size for member in members)
        _bounded(archive, len(members), promised)
        for member in members:
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _no_file(archive, member.filename)
            target = inside(folder, member.filename)
            if target is None:
                name = sanitised(member.filename)
                raise Unavailable(f"the archive at {archive.address}: {name} would be outside")
            if member.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with packed.open(member) as content, target.open("wb") as written:
                shutil.copyfileobj(content, written, _PIECE_BYTES)
            unpacked += target.stat().st_size
            _bounded(archive, len(members), unpacked)
            progress.advance(unpacked, promised)


def _bounded(archive: Archive, members: int, unpacked: int) -> None:
    if members > archive.most_members or unpacked > archive.most_unpacked_bytes:
        raise Unavailable(f"the archive at {archive.address} holds more than it should")


def _no_file(archive: Archive, name: str) -> Unavailable:
    return Unavailable(
        f"the archive at {archive.address} holds {sanitised(name)}, which is"
        " neither a file nor a folder"
    )
