"""What came of a download so far, kept for a later attempt, with what tells its edition apart.

A transfer may be cut off by a network, a full disk or Ctrl-C, and the next attempt may come days
later from another process. By then the file at the address may be another one. So what the server
said of it is kept beside the bytes: its `ETag`, its time of change, its length.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from http.client import HTTPMessage
from pathlib import Path

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What a server says of a file beside its bytes.

    Attributes:
        etag: Its own name for these bytes; empty when it has none, or one that promises too little.
        modified: When it changed, in the server's words.
        size: How long it is, `None` when the server did not say.
    """

    etag: str = ""
    modified: str = ""
    size: int | None = None

    @staticmethod
    def of(headers: HTTPMessage, size: int | None) -> "Edition":
        """Return what the headers of an answer say; a weak ETag does not stand for the bytes."""
        etag = headers.get("ETag", "")
        return Edition(
            etag="" if etag.startswith("W/") else etag,
            modified=headers.get("Last-Modified", ""),
            size=size,
        )

    def differs(self, other: "Edition") -> str:
        """Return what differs from another answer for the same file, empty when nothing does."""
        for name, ours, theirs in (
            ("ETag", self.etag, other.etag),
            ("length", self.size, other.size),
            ("time of change", self.modified, other.modified),
        ):
            if ours and theirs and ours != theirs:
                return f"its {name} was {ours} and is {theirs}"
        return ""


class Partial:
    """The beginning of a file, and which edition of the file it is the beginning of.

    Args:
        path: Where the bytes are; a second file beside it holds the edition.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._about = path.with_suffix(".json")

    def had(self) -> int:
        """Return how many bytes are there and can be gone on from."""
        if self.edition() is None:
            return 0
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def edition(self) -> Edition | None:
        """Return what the bytes are the beginning of, `None` when that is not known."""
        try:
            return msgspec.json.decode(self._about.read_bytes(), type=Edition)
        except (OSError, ValueError):
            return None

    def begin(self, edition: Edition) -> None:
        """Begin anew, with nothing of the file yet."""
        self.path.write_bytes(b"")
        scratch = self._about.with_suffix(".new")
        scratch.write_bytes(msgspec.json.encode(asdict(edition)))
        os.replace(scratch, self._about)

    def discard(self) -> None:
        """Leave nothing of it."""
        self.path.unlink(missing_ok=True)
        self._about.unlink(missing_ok=True)


def partials_beside(folder: Path) -> Path:
    """Return where beginnings are kept of what fills a folder of the cache, or its scratch."""
    return folder.parent / ".partial"


@contextmanager
def kept_partial(folder: Path, address: str) -> Iterator[Partial]:
    """Yield what there is of the file at an address.

    While another process is fetching the same file, yield a fresh one that nobody keeps.

    Args:
        folder: Where beginnings are kept; it is there as long as it holds one.
        address: Where the file comes from.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial, lock = Partial(_path(folder, address)), _path(folder, address).with_suffix(".lock")
    try:
        with lock.open("ab") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                with tempfile.TemporaryDirectory(dir=folder) as private:
                    yield Partial(Path(private, "archive.part"))
                return
            try:
                yield partial
            finally:
                if not partial.path.exists():
                    partial.discard()
                    lock.unlink(missing_ok=True)
    finally:
        # Not empty while something is kept.
        with suppress(OSError):
            folder.rmdir()


def kept_bytes(folder: Path, address: str) -> int:
    """Return how much is kept of the file at an address."""
    return Partial(_path(folder, address)).had()


def _path(folder: Path, address: str) -> Path:
    return folder / f"{hashlib.sha256(address.encode()).hexdigest()[:16]}.part"
