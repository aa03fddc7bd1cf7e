"""A file from the network, checked; an archive unpacked without trusting it."""

import hashlib
import http.client
import tarfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from harness.corpus.source import Unavailable
from harness.errors import printable
from harness.model import Progress

_PIECE_BYTES = 256 * 1024
_TIMEOUT_S = 20.0
_MOST_MEMBERS = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A tar archive at an official address.

    Attributes:
        address: http or https.
        sha256: Digest of its bytes, hexadecimal.
        md5: The same, as most collections publish only this one.
        most_bytes: A longer answer is not the file.
        most_unpacked_bytes: More than this does not come out of the file.
    """

    address: str
    sha256: str
    md5: str
    most_bytes: int
    most_unpacked_bytes: int


def download(archive: Archive, into: Path, progress: Progress) -> None:
    """Fetch an archive to the file `into` and check both digests.

    Raises:
        Unavailable: The address does not answer, or what came is not the file.
    """
    if not archive.address.startswith(("https://", "http://")):
        raise Unavailable(f"{archive.address} is not an http address")
    try:
        with (
            urllib.request.urlopen(archive.address, timeout=_TIMEOUT_S) as answer,  # noqa: S310
            into.open("wb") as file,
        ):
            sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
            declared = answer.length
            done = 0
            while piece := answer.read(_PIECE_BYTES):
                done += len(piece)
                if done > archive.most_bytes:
                    raise Unavailable(f"{archive.address} sends more than the file should hold")
                file.write(piece)
                sha256.update(piece)
                md5.update(piece)
                progress.advance(done, declared)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise Unavailable(f"{archive.address}: {printable(error)}") from error
    if declared is not None and done < declared:
        raise Unavailable(f"{archive.address} broke off after {done} of {declared} bytes")
    _compare("SHA-256", sha256.hexdigest(), archive.sha256, archive.address)
    _compare("MD5", md5.hexdigest(), archive.md5, archive.address)


def unpack(archive: Archive, file: Path, folder: Path) -> None:
    """Unpack plain files and folders of a downloaded tar archive into `folder`.

    Raises:
        Unavailable: The archive is damaged, reaches outside or is larger than it should be.
    """
    if not hasattr(tarfile, "data_filter"):
        raise Unavailable("this Python is too old to unpack archives safely; 3.11.4 can")
    members = unpacked = 0

    def admit(member: tarfile.TarInfo, target: str) -> tarfile.TarInfo | None:
        nonlocal members, unpacked
        members, unpacked = members + 1, unpacked + member.size
        if members > _MOST_MEMBERS or unpacked > archive.most_unpacked_bytes:
            raise Unavailable(f"the archive at {archive.address} holds more than it should")
        if not (member.isreg() or member.isdir()):
            raise Unavailable(
                f"the archive at {archive.address} holds {printable(member.name)}, which is"
                " neither a file nor a folder"
            )
        return tarfile.data_filter(member, target)

    try:
        with tarfile.open(file) as tar:
            tar.extractall(folder, filter=admit)  # noqa: S202
    except (tarfile.TarError, EOFError, OSError) as error:
        raise Unavailable(f"the archive at {archive.address}: {printable(error)}") from error


def _compare(kind: str, found: str, expected: str, address: str) -> None:
    if found != expected:
        raise Unavailable(
            f"{address} sent another file: its {kind} is {found[:12]}…, not {expected[:12]}…"
        )
