"""A file from the network: resumed where it broke off, checked, removed if it is not it."""

import hashlib
import http.client
import os
import shutil
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from harness.corpus.sources.origin_note import Unavailable
from harness.corpus.sources.partial import Edition, Partial, kept_partial
from harness.errors import sanitised
from harness.model import Progress

_PIECE_BYTES = 256 * 1024
_TIMEOUT_S = 20.0
# Attempts in a row that bring nothing new, each after twice the pause of the one before.
_ATTEMPTS = 5
_FIRST_PAUSE = 1 / 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An archive at an official address.

    Attributes:
        address: http or https.
        sha256: Digest of its bytes, hexadecimal; empty where none is published.
        md5: The same, as most collections publish only this one.
        most_bytes: A longer answer is not the file.
        most_unpacked_bytes: Most that may be unpacked from it.
        most_members: Most files and folders that may be unpacked from it.
    """

    address: str
    md5: str
    most_bytes: int
    most_unpacked_bytes: int
    sha256: str = ""
    most_members: int = 50_000


class _BrokeOff(Exception):
    """The transfer ended early; another attempt may go on from there."""


class _NotTheFile(Unavailable):
    """What came is neither the file that was wanted nor a part of it."""


def download(
    archive: Archive, into: Path, progress: Progress, *, kept: Path, timeout_s: float = _TIMEOUT_S
) -> None:
    """Fetch an archive to the file `into` and check its digests.

    A transfer that breaks off or stalls is gone on with where it stopped, if the server can do
    that and has the same file still, and begun anew if not. What has come by then outlives this
    process, under a name of its own in `kept`; what turns out not to be the file does not. There
    is nothing at `into` before all of it is there and right.

    Args:
        archive: What to fetch.
        into: Where to, on the same disk as `kept`.
        progress: Receives how far it is.
        kept: Folder for what has come so far.
        timeout_s: How long a server may send nothing.

    Raises:
        Unavailable: The address does not answer, or what came is not the file.
    """
    if not archive.address.startswith(("https://", "http://")):
        raise Unavailable(f"{archive.address} is not an http address")
    with kept_partial(kept, archive.address) as partial:
        try:
            _fetch(archive, partial, progress, timeout_s)
            _check(archive, partial.path, progress)
        except _NotTheFile:
            partial.discard()
            raise
        os.replace(partial.path, into)


def _fetch(archive: Archive, partial: Partial, progress: Progress, timeout_s: float) -> None:
    """Fetch in as many attempts as bring it further."""
    barren, most = 0, partial.had()
    if most:
        progress.step(f"going on from {most / 1e6:.1f} MB that an earlier attempt left")
    while not _whole(partial):
        try:
            _attempt(archive, partial, progress, timeout_s)
        except _BrokeOff as error:
            barren = 0 if partial.had() > most else barren + 1
            most = max(most, partial.had())
            if barren == _ATTEMPTS:
                raise Unavailable(f"{archive.address} {error}; {_left(partial)}") from error
            progress.step(f"{error}; going on from there")
            time.sleep(_FIRST_PAUSE * timeout_s * 2**barren)
        else:
            return


def _whole(partial: Partial) -> bool:
    """Return whether all of it has come; without a stated length only the server's end shows it."""
    edition = partial.edition()
    return edition is not None and edition.size is not None and partial.had() == edition.size


def _left(partial: Partial) -> str:
    return f"{partial.had() / 1e6:.1f} MB are kept for the next attempt"


def _attempt(archive: Archive, partial: Partial, progress: Progress, timeout_s: float) -> None:
    """Fetch what is missing, or everything where the server or another edition asks for it."""
    request = urllib.request.Request(archive.address)  # noqa: S310
    known, had = partial.edition(), partial.had()
    if had and known is not None:
        request.add_header("Range", f"bytes={had}-")
        if validator := known.etag or known.modified:
            request.add_header("If-Range", validator)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310
            size = _begun(archive, answer, partial, progress)
            done = _copy(archive, answer, partial, size, progress)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and had:
            partial.discard()
            raise _BrokeOff("does not have the rest of what it began to send") from error
        raise Unavailable(f"{archive.address}: {sanitised(error)}") from error
    except (TimeoutError, http.client.IncompleteRead, ConnectionError) as error:
        raise _BrokeOff(f"stalled after {partial.had()} bytes ({sanitised(error)})") from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        why = getattr(error, "reason", error)
        raise Unavailable(f"{archive.address}: {sanitised(why)}") from error
    if size is not None and done < size:
        raise _BrokeOff(f"broke off after {done} of {size} bytes")


def _begun(
    archive: Archive, answer: http.client.HTTPResponse, partial: Partial, progress: Progress
) -> int | None:
    """Make ready for an answer: go on with what is there, or begin anew; return the whole size."""
    known, had = partial.edition(), partial.had()
    goes_on = had > 0 and answer.status == http.HTTPStatus.PARTIAL_CONTENT
    length = answer.length
    size = None if length is None else length + (had if goes_on else 0)
    found = Edition.of(answer.headers, size)
    differs = "" if known is None else known.differs(found)
    if goes_on and (differs or not _from(answer, had)):
        partial.discard()
        raise _BrokeOff(f"has another file now ({differs or 'it goes on elsewhere'})")
    if size is not None:
        _fits(archive, size, had if goes_on else 0, partial.path)
    if not goes_on:
        if had:
            why = f"the file has changed: {differs}" if differs else "it does not go on midway"
            progress.step(f"{archive.address} sends everything again, {why}")
        partial.begin(found)
    return size


def _from(answer: http.client.HTTPResponse, had: int) -> bool:
    return answer.headers.get("Content-Range", "").startswith(f"bytes {had}-")


def _copy(
    archive: Archive,
    answer: http.client.HTTPResponse,
    partial: Partial,
    size: int | None,
    progress: Progress,
) -> int:
    """Copy an answer behind what is there and return how much is there then."""
    done = partial.had()
    with partial.path.open("ab") as file:
        while piece := answer.read(_PIECE_BYTES):
            done += len(piece)
            if done > archive.most_bytes:
                raise _too_much(archive)
            file.write(piece)
            progress.advance(done, size)
    return done


def _fits(archive: Archive, size: int, had: int, path: Path) -> None:
    """Refuse what cannot be the file, and what the disk has no space for, before it comes."""
    if size > archive.most_bytes:
        raise _too_much(archive)
    free = shutil.disk_usage(path.parent).free
    if size - had > free:
        raise Unavailable(
            f"{archive.address} needs {(size - had) >> 20} MB more, {free >> 20} MB are free"
        )


def _too_much(archive: Archive) -> _NotTheFile:
    return _NotTheFile(f"{archive.address} sends more than the file should hold")


def _check(archive: Archive, file: Path, progress: Progress) -> None:
    """Compare the digests that are known."""
    expected = {"sha256": archive.sha256, "md5": archive.md5}
    digests = {
        kind: hashlib.new(kind, usedforsecurity=kind != "md5")
        for kind, digest in expected.items()
        if digest
    }
    size, done = file.stat().st_size, 0
    progress.step("comparing its digests")
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            for digest in digests.values():
                digest.update(piece)
            done += len(piece)
            progress.advance(done, size)
    for kind, digest in digests.items():
        if digest.hexdigest() != expected[kind]:
            raise _NotTheFile(
                f"{archive.address} sent another file: its {kind} is {digest.hexdigest()},"
                f" not {expected[kind]}"
            )
