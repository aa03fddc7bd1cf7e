"""WAV headers that were never finished: streams, pipes, recorders that were killed.

A program that cannot seek back writes a placeholder where the sizes belong: 0 (libsndfile,
CoreAudio, FreeSWITCH), 0xFFFFFFFF (ffmpeg, speech APIs), 0x7FFFF000 (sox), a reserved gigabyte.
Others count the header as audio. In all these cases the audio reaches to the end of the file, and
`open_audio` shows libsndfile a header that says so; the file itself is never changed.

A header whose sizes agree with each other and exceed the file by more than a header was finished:
that file is truncated, which is for libsndfile to find.
"""

import io
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_PLACEHOLDER_BYTES = 1 << 30
"""No utterance is as long; sox, ffmpeg and recorders that reserve space write this or more."""

_ODD_SIZE = 0xFFFF_FFFF
"""RF64: the size stands in the chunk `ds64` (EBU Tech 3306)."""

_MOST_CHUNKS = 1_000
_LARGEST_RIFF_BYTES = 0xFFFF_FFF0


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a WAV file keeps its sizes.

    Attributes:
        order: `<` (RIFF, RF64) or `>` (RIFX).
        riff_bytes: Size that the file claims for itself, from byte 8.
        data_at: Position of the first audio byte.
        data_bytes: Size that it claims for the audio.
        block_bytes: Bytes in one sample of all channels.
        ds64_at: Position of the chunk `ds64`; `None` without one.
        ends_well: Whether chunks of the claimed sizes fill the file exactly.
    """

    order: str
    riff_bytes: int
    data_at: int
    data_bytes: int
    block_bytes: int
    ds64_at: int | None
    ends_well: bool


def open_audio(path: Path) -> BinaryIO:
    """Open an audio file for libsndfile, with sizes that are true where none were written.

    Raises:
        OSError: It cannot be opened.
    """
    file = path.open("rb")
    try:
        patches = _patches(file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return io.BufferedReader(_Patched(file, patches)) if patches else file


def _patches(file: BinaryIO) -> dict[int, bytes]:
    """Return the bytes of the header that are to be read otherwise, by position."""
    size = os.fstat(file.fileno()).st_size
    layout = _layout(file, size)
    if layout is None or not _unfinished(layout, size):
        return {}
    there = size - layout.data_at
    there -= there % layout.block_bytes
    if there <= 0 or size > _LARGEST_RIFF_BYTES:
        return {}
    number = f"{layout.order}I"
    patches = {4: struct.pack(number, layout.data_at + there - 8)}
    patches[layout.data_at - 4] = struct.pack(number, there)
    if layout.ds64_at is not None:
        patches[0], patches[layout.ds64_at] = b"RIFF", b"JUNK"
    return patches


def _unfinished(layout: _Layout, size: int) -> bool:
    """Tell whether the audio reaches to the end of the file whatever the header claims."""
    there = size - layout.data_at
    if layout.data_bytes == 0:
        return not layout.ends_well
    if layout.data_bytes <= there:
        return False
    # A size that counts the header is one of a file that is whole.
    counts_header = layout.data_bytes - there <= layout.data_at
    contradicts = layout.riff_bytes < layout.data_bytes
    return layout.data_bytes >= _PLACEHOLDER_BYTES or counts_header or contradicts


def _layout(file: BinaryIO, size: int) -> _Layout | None:
    """Return the layout of a WAV file, `None` when it is none or its audio is not to be found."""
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RIFX", b"RF64", b"BW64") or head[8:] != b"WAVE":
        return None
    order = ">" if head[:4] == b"RIFX" else "<"
    riff_bytes: int = struct.unpack(f"{order}I", head[4:8])[0]
    wide = head[:4] in (b"RF64", b"BW64")
    block_bytes, ds64_at, wide_bytes = 1, None, 0
    for name, at, claimed in _chunks(file, order):
        if name == b"fmt " and len(fmt := file.read(16)) == 16:
            block_bytes = max(1, struct.unpack_from(f"{order}H", fmt, 12)[0])
        elif name == b"ds64" and wide and len(sizes := file.read(16)) == 16:
            ds64_at = at - 8
            riff_bytes, wide_bytes = struct.unpack("<QQ", sizes)
        elif name == b"data":
            data_bytes = wide_bytes if wide and claimed == _ODD_SIZE else claimed
            end = at + data_bytes + data_bytes % 2
            ends_well = min(end, size) == size or _fill(file, order, end, size)
            return _Layout(order, riff_bytes, at, data_bytes, block_bytes, ds64_at, ends_well)
    return None


def _chunks(file: BinaryIO, order: str, start: int = 12) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, position and claimed size of the chunks from `start` on."""
    at = start
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        claimed: int = struct.unpack(f"{order}I", head[4:])[0]
        yield head[:4], at + 8, claimed
        at += 8 + claimed + claimed % 2


def _fill(file: BinaryIO, order: str, start: int, size: int) -> bool:
    """Tell whether well-formed chunks fill the file from `start` to its end."""
    end = start
    for name, at, claimed in _chunks(file, order, start):
        if not (name.isascii() and name.decode("latin-1").isprintable()):
            return False
        end = at + claimed
    return end in (size, size - 1)


class _Patched(io.RawIOBase):
    """A file some of whose bytes read otherwise than they are."""

    def __init__(self, file: BinaryIO, patches: dict[int, bytes]) -> None:
        super().__init__()
        self._file, self._patches = file, patches

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, and return the position."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def readinto(self, into: "memoryview | bytearray") -> int:  # type: ignore[override]
        """Fill a buffer, and return how many bytes were there."""
        start = self._file.tell()
        content = bytearray(self._file.read(len(into)))
        for at, patch in self._patches.items():
            for place, value in enumerate(patch, start=at - start):
                if 0 <= place < len(content):
                    content[place] = value
        into[: len(content)] = content
        return len(content)

    def close(self) -> None:
        """Close the file below."""
        self._file.close()
        super().close()
