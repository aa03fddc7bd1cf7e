"""MP3 files that do not say how long they are, or say it wrongly.

A file of varying bit rate says its length in a first frame without sound, after `Xing` or `Info`.
Without one the length is guessed from the bit rate of the first frames, and audio is lost; in a
file that was joined of several, that frame counts the first part only. The frames are counted here,
and a frame that states their number is shown in front of them.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_KBIT_S = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = {
    3: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}
_MPEG_1 = 3
# By whether it is MPEG 1, and mono.
_SIDE_BYTES = {(True, True): 17, (True, False): 32, (False, True): 9, (False, False): 17}
_LARGEST_BYTES = 64 * 1024 * 1024
_TAGS = (b"Xing", b"Info")
_HIGHEST_BIT_RATE = 14
_LEAST_FRAMES = 3
# What may follow the last frame: tags, or a frame that was not finished.
_MOST_BEHIND_BYTES = 8_192
# Encoders count the frame without sound, or do not.
_TOLERANCE = 2


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame of layer III.

    Attributes:
        at: Position in the file.
        size: Its length in bytes.
        bit_rate: Index of its bit rate.
        side_bytes: Length of the side information, behind which a tag lies.
    """

    at: int
    size: int
    bit_rate: int
    side_bytes: int


def mpeg_head(file: BinaryIO, size: int) -> tuple[bytes, int] | None:
    """Return a frame that states the number of frames, for an MP3 that does not state it correctly.

    Args:
        file: Any file.
        size: Bytes in it.

    Returns:
        What is to be shown, and in place of how many bytes; `None` where nothing is to be changed.
    """
    if size > _LARGEST_BYTES:
        return None
    file.seek(0)
    start = _start(file.read(10))
    file.seek(start)
    if _parsed(file.read(4), start) is None:
        return None
    file.seek(start)
    content = file.read()
    frames = list(_frames(content))
    if len(frames) < _LEAST_FRAMES or len(content) - _end(frames) > _MOST_BEHIND_BYTES:
        return None
    told = _stated(content, frames[0])
    if told is None:
        constant = len({frame.bit_rate for frame in frames}) == 1
        if constant or b"VBRI" in content[: frames[0].size]:
            return None
    elif told >= len(frames) - _TOLERANCE:
        return None
    return _info_frame(content[:4], frames[0].side_bytes, len(frames)), start


def _start(head: bytes) -> int:
    """Return where the frames begin: behind a tag ID3 (version 2), whose length has seven bits."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def _frames(content: bytes) -> Iterator[_Frame]:
    """Yield the frames that follow each other without a gap."""
    at = 0
    while (frame := _parsed(content[at : at + 4], at)) is not None:
        if at + frame.size > len(content):
            return
        yield frame
        at += frame.size


def _end(frames: list[_Frame]) -> int:
    return frames[-1].at + frames[-1].size


def _parsed(head: bytes, at: int) -> _Frame | None:
    """Return the frame that this head begins, `None` where it is no head of layer III."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, bit_rate, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or rate == 3 or bit_rate in (0, 15):
        return None
    kbit_s = _KBIT_S[3 if version == _MPEG_1 else 2][bit_rate]
    scale = 144 if version == _MPEG_1 else 72
    size = scale * kbit_s * 1000 // _RATES_HZ[version][rate] + (head[2] >> 1 & 1)
    mono = head[3] >> 6 == 3
    return _Frame(at, size, bit_rate, _SIDE_BYTES[version == _MPEG_1, mono])


def _stated(content: bytes, first: _Frame) -> int | None:
    """Return the number of frames that the first one states, `None` when it states none."""
    at = 4 + first.side_bytes
    if content[at : at + 4] not in _TAGS or not content[at + 7] & 1:
        return None
    count: int = struct.unpack_from(">I", content, at + 8)[0]
    return count or None


def _info_frame(head: bytes, side_bytes: int, frames: int) -> bytes:
    """Return a frame without sound, like those of `head`, that states their number."""
    # No checksum, and the highest bit rate, so that the tag fits.
    written = bytes([head[0], head[1] | 1, _HIGHEST_BIT_RATE << 4 | head[2] & 0x0C, head[3]])
    frame = _parsed(written, 0)
    assert frame is not None
    tag = _TAGS[0] + struct.pack(">II", 1, frames)
    return (written + bytes(side_bytes) + tag).ljust(frame.size, b"\0")
