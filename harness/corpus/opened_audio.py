"""Audio files as libsndfile should see them: with correct lengths.

Some files do not say how long they are, or say it wrongly; their audio reaches to the end of the
file all the same. `open_audio` shows libsndfile another head in place of theirs. The files
themselves are never changed.
"""

import io
import os
from pathlib import Path
from typing import BinaryIO

from harness.corpus.flac_header import flac_head
from harness.corpus.mpeg_frames import mpeg_head
from harness.corpus.wav_header import wav_head


def open_audio(path: Path) -> BinaryIO:
    """Open an audio file for libsndfile, with correct lengths where none were written.

    Raises:
        OSError: It cannot be opened.
    """
    file = path.open("rb")
    try:
        size = os.fstat(file.fileno()).st_size
        shown = wav_head(file, size) or flac_head(file, size) or mpeg_head(file, size)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file if shown is None else io.BufferedReader(_Shown(file, *shown, size))


class _Shown(io.RawIOBase):
    """A file with another beginning than the one on disk.

    Args:
        file: The file.
        head: What is shown first.
        skipped: How many bytes of the file are not shown; `head` stands in their place.
        size: Bytes in the file.
    """

    def __init__(self, file: BinaryIO, head: bytes, skipped: int, size: int) -> None:
        super().__init__()
        self._file, self._head, self._skipped = file, head, skipped
        self._size = size - skipped + len(head)
        self._at = 0

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, and return the position."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def readinto(self, into: "memoryview | bytearray") -> int:  # type: ignore[override]
        """Fill a buffer, and return how many bytes were there."""
        content = self._head[self._at : self._at + len(into)]
        if len(content) < len(into):
            self._file.seek(max(0, self._at - len(self._head)) + self._skipped)
            content += self._file.read(len(into) - len(content))
        into[: len(content)] = content
        self._at += len(content)
        return len(content)

    def close(self) -> None:
        """Close the file below."""
        self._file.close()
        super().close()
