"""WAV headers that were never finished: streams, pipes, recorders that were killed.

A program that cannot seek back writes a placeholder where the sizes belong: 0 (libsndfile,
CoreAudio, FreeSWITCH), 0xFFFFFFFF (ffmpeg, speech APIs), 0x7FFFF000 (sox), a reserved gigabyte.
Others count the header as audio, or write the size of what they had at first. In all these cases
the audio reaches to the end of the file, and `wav_head` is a header that says so.

A header whose sizes agree with each other and exceed the file by more than a header was finished:
that file is truncated, which is for libsndfile to find.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_PLACEHOLDER_BYTES = 1 << 30
"""No utterance is as long; sox, ffmpeg and recorders that reserve space write this or more."""

_ODD_SIZE = 0xFFFF_FFFF
"""RF64: the size stands in the chunk `ds64` (EBU Tech 3306)."""

_MOST_TAIL_BYTES = 4_096
"""Behind the audio programs leave padding and tags; more that is no chunk and no tag is audio."""

_MOST_CHUNKS = 1_000
_LARGEST_HEADER_BYTES = 16 * 1024 * 1024
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
        goes_on: Whether what follows the claimed audio is more of it.
    """

    order: str
    riff_bytes: int
    data_at: int
    data_bytes: int
    block_bytes: int
    ds64_at: int | None
    ends_well: bool
    goes_on: bool


def wav_head(file: BinaryIO, size: int) -> tuple[bytes, int] | None:
    """Return a header with true sizes, for a WAV file that was never finished.

    Args:
        file: Any file.
        size: Bytes in it.

    Returns:
        What is to be shown, and in place of how many bytes; `None` where nothing is to be changed.
    """
    file.seek(0)
    layout = _layout(file, size)
    if layout is None or layout.data_at > _LARGEST_HEADER_BYTES:
        return None
    file.seek(0)
    head = bytearray(file.read(layout.data_at))
    there = size - layout.data_at
    there -= there % layout.block_bytes
    if _unfinished(layout, size) and there > 0 and size <= _LARGEST_RIFF_BYTES:
        number = f"{layout.order}I"
        struct.pack_into(number, head, 4, layout.data_at + there - 8)
        struct.pack_into(number, head, layout.data_at - 4, there)
        if layout.ds64_at is not None:
            head[:4] = b"RIFF"
            head[layout.ds64_at : layout.ds64_at + 4] = b"JUNK"
    elif head[:4] == b"BW64":
        # The broadcasters' other name of the same format, which libsndfile does not know.
        head[:4] = b"RF64"
    else:
        return None
    return bytes(head), len(head)


def _unfinished(layout: _Layout, size: int) -> bool:
    """Tell whether the audio reaches to the end of the file whatever the header claims."""
    there = size - layout.data_at
    if layout.data_bytes == 0:
        return not layout.ends_well
    if layout.data_bytes <= there:
        return layout.goes_on
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
            goes_on = not ends_well and _goes_on(file, end, size)
            return _Layout(
                order, riff_bytes, at, data_bytes, block_bytes, ds64_at, ends_well, goes_on
            )
    return None


def _goes_on(file: BinaryIO, end: int, size: int) -> bool:
    """Tell whether what follows the claimed end of the audio is too much for tags, and none."""
    file.seek(end)
    return size - end > _MOST_TAIL_BYTES and not file.read(3).isalnum()


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
