"""A folder of the cache that stays within a bound: what was not used for longest goes first."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from harness.clock import wall_time

_SUFFIX = ".audio"
_PREFIX = ".encoded-"
_DIGEST_BYTES = 32
# More is removed than one file needs, so that not every new file has to remove some.
_LEAVE = 0.9
# A process that was killed while it wrote leaves its scratch file.
_ABANDONED_S = 3_600.0


class BoundedFolder:
    """Bytes by key, each behind its digest, in files that several processes may share.

    Args:
        folder: Where they lie; need not exist.
        most_bytes: Most that they take together; 0 keeps nothing.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder, self._most_bytes = folder, most_bytes
        self._bytes: int | None = None

    def get(self, key: str) -> bytes | None:
        """Return what was kept, `None` when there is nothing or it is damaged."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        digest, kept = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(kept).digest() != digest:
            return None
        with suppress(OSError):
            os.utime(path)
        return kept

    def put(self, key: str, content: bytes) -> None:
        """Keep bytes; on a full disk they are not kept, and made again when needed."""
        size = _DIGEST_BYTES + len(content)
        if size > self._most_bytes:
            return
        if self._bytes is None:
            self._bytes = self.bytes_kept()
        if self._bytes + size > self._most_bytes:
            self._trim(round(self._most_bytes * _LEAVE) - size)
        if self._write(self._path(key), content):
            self._bytes += size

    def bytes_kept(self) -> int:
        """Return how much the folder holds now."""
        return sum(size for _, size, _ in self._files())

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{_SUFFIX}"

    def _files(self) -> list[tuple[float, int, Path]]:
        """Return when each file was last used, its size and its path."""
        found = []
        with suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                # Another process may remove it in the meantime.
                with suppress(OSError):
                    about = entry.stat()
                    found.append((about.st_mtime, about.st_size, Path(entry.path)))
        return found

    def _trim(self, most_bytes: int) -> None:
        """Remove what was not used for longest until the folder holds at most so much."""
        files = sorted(self._files())
        left = sum(size for _, size, _ in files)
        abandoned = wall_time().timestamp() - _ABANDONED_S
        for used_s, size, path in files:
            scratch = path.name.startswith(_PREFIX)
            if (scratch and used_s < abandoned) or (not scratch and left > most_bytes):
                with suppress(OSError):
                    path.unlink()
                    left -= size
        self._bytes = left

    def _write(self, path: Path, content: bytes) -> bool:
        scratch = ""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=_PREFIX)
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(content).digest() + content)
            os.replace(scratch, path)
        except OSError:
            if scratch:
                Path(scratch).unlink(missing_ok=True)
            return False
        return True
