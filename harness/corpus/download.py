"""A file from the network: resumed where it broke off, checked, and gone if it is not the one."""

import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from harness.corpus.source import Unavailable
from harness.errors import printable
from harness.model import Progress

_PIECE_BYTES = 256 * 1024
_TIMEOUT_S = 20.0
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An archive at an official address.

    Attributes:
        address: http or https.
        sha256: Digest of its bytes, hexadecimal; empty where nobody has published one.
        md5: The same, as most collections publish only this one.
        most_bytes: A longer answer is not the file.
        most_unpacked_bytes: More than this does not come out of the file.
        most_members: Nor more files and folders than this.
    """

    address: str
    md5: str
    most_bytes: int
    most_unpacked_bytes: int
    sha256: str = ""
    most_members: int = 50_000


class _BrokeOff(Exception):
    """The transfer ended early; another attempt may go on from there."""


def download(
    archive: Archive, into: Path, progress: Progress, *, timeout_s: float = _TIMEOUT_S
) -> None:
    """Fetch an archive to the file `into` and check its digests.

    A transfer that breaks off or stalls is taken up again where it stopped, if the server can do
    that, and from the beginning if not. Whatever goes wrong in the end, no file is left.

    Raises:
        Unavailable: The address does not answer, or what came is not the file.
    """
    if not archive.address.startswith(("https://", "http://")):
        raise Unavailable(f"{archive.address} is not an http address")
    try:
        _fetch(archive, into, progress, timeout_s)
        _check(archive, into)
    except BaseException:
        into.unlink(missing_ok=True)
        raise


def _fetch(archive: Archive, into: Path, progress: Progress, timeout_s: float) -> None:
    """Fetch in as many attempts as bring it further."""
    into.unlink(missing_ok=True)
    for attempt in range(1, _ATTEMPTS + 1):
        had = into.stat().st_size if into.exists() else 0
        try:
            _attempt(archive, into, had, progress, timeout_s)
        except _BrokeOff as error:
            if attempt == _ATTEMPTS:
                raise Unavailable(f"{archive.address} {error}") from error
            progress.step(f"{error}; going on from there")
        else:
            return


def _attempt(archive: Archive, into: Path, had: int, progress: Progress, timeout_s: float) -> None:
    """Fetch what is missing behind the first `had` bytes, or everything if the server must."""
    request = urllib.request.Request(archive.address)  # noqa: S310
    if had:
        request.add_header("Range", f"bytes={had}-")
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310
            had = had if _continues(answer, had) else 0
            whole = None if answer.length is None else had + answer.length
            if whole is not None:
                _fits(archive, whole, into)
            with into.open("ab" if had else "wb") as file:
                done = _copy(archive, answer, file, had, whole, progress)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and had:
            into.unlink(missing_ok=True)
            raise _BrokeOff("does not have the rest of what it began to send") from error
        raise Unavailable(f"{archive.address}: {printable(error)}") from error
    except (TimeoutError, http.client.IncompleteRead, ConnectionError) as error:
        got = into.stat().st_size if into.exists() else 0
        raise _BrokeOff(f"stalled after {got} bytes ({printable(error)})") from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise Unavailable(f"{archive.address}: {printable(error)}") from error
    if whole is not None and done < whole:
        raise _BrokeOff(f"broke off after {done} of {whole} bytes")


def _continues(answer: http.client.HTTPResponse, had: int) -> bool:
    """Tell whether an answer begins behind what is there; a server may send it all again."""
    if not had or answer.status != http.HTTPStatus.PARTIAL_CONTENT:
        return False
    return answer.headers.get("Content-Range", "").startswith(f"bytes {had}-")


def _copy(
    archive: Archive,
    answer: http.client.HTTPResponse,
    file: BinaryIO,
    had: int,
    whole: int | None,
    progress: Progress,
) -> int:
    """Copy an answer behind what is there and return how much is there then."""
    done = had
    while piece := answer.read(_PIECE_BYTES):
        done += len(piece)
        if done > archive.most_bytes:
            raise Unavailable(f"{archive.address} sends more than the file should hold")
        file.write(piece)
        progress.advance(done, whole)
    return done


def _fits(archive: Archive, size: int, into: Path) -> None:
    """Refuse what cannot be the file, and what there is no room for, before it comes."""
    if size > archive.most_bytes:
        raise Unavailable(f"{archive.address} sends more than the file should hold")
    free = shutil.disk_usage(into.parent).free
    if size > free:
        raise Unavailable(f"{archive.address} needs {size >> 20} MB, {free >> 20} MB are free")


def _check(archive: Archive, file: Path) -> None:
    """Compare the digests that are known."""
    for kind, expected in (("sha256", archive.sha256), ("md5", archive.md5)):
        if not expected:
            continue
        digest = hashlib.new(kind, usedforsecurity=kind != "md5")
        with file.open("rb") as stream:
            while piece := stream.read(_PIECE_BYTES):
                digest.update(piece)
        found = digest.hexdigest()
        if found != expected:
            raise Unavailable(
                f"{archive.address} sent another file: its {kind} is {found}, not {expected}"
            )
