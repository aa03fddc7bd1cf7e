"""FLAC from a pipe: an encoder that cannot seek back leaves out the number of samples.

Every frame says which one it is, and the file ends with the checksum of the last one (RFC 9639
section 9): number and length of that frame are the length of the file.
"""

import struct
from typing import BinaryIO

_INFO_AT = 8
"""Where the block STREAMINFO begins: after `fLaC` and its own head."""

_TOTAL_AT = _INFO_AT + 13
_HEAD_BYTES = _INFO_AT + 34
_SEARCHED_BYTES = 1 << 18
"""How far from the end the last frame is looked for; the largest in use are a tenth of it."""

_LEAST_FRAME_BYTES = 6


def flac_head(file: BinaryIO, size: int) -> tuple[bytes, int] | None:
    """Return a head with the number of samples, for a FLAC file that does not state it.

    Args:
        file: Any file.
        size: Bytes in it.

    Returns:
        What is to be shown, and in place of how many bytes; `None` where nothing is to be changed.
    """
    file.seek(0)
    head = bytearray(file.read(_HEAD_BYTES))
    if head[:4] != b"fLaC" or len(head) < _HEAD_BYTES or head[4] & 0x7F:
        return None
    if head[_TOTAL_AT] & 0x0F or any(head[_TOTAL_AT + 1 : _TOTAL_AT + 5]):
        return None
    (block_samples,) = struct.unpack_from(">H", head, _INFO_AT + 2)
    start = max(_HEAD_BYTES, size - _SEARCHED_BYTES)
    file.seek(start)
    total = _end_of_last(file.read(), block_samples)
    if total is None or total >= 1 << 36:
        return None
    head[_TOTAL_AT] |= total >> 32
    struct.pack_into(">I", head, _TOTAL_AT + 1, total & 0xFFFF_FFFF)
    return bytes(head), len(head)


def _end_of_last(tail: bytes, block_samples: int) -> int | None:
    """Return the number of the sample after the last one of the last frame."""
    checksum, at = int.from_bytes(tail[-2:], "big"), len(tail) - _LEAST_FRAME_BYTES
    while (at := tail.rfind(b"\xff", 0, max(0, at))) >= 0:
        end = _frame_end(tail[at : at + 16].ljust(16, b"\0"), block_samples)
        if end is not None and _checksum(tail[at:-2], 0x8005, 16) == checksum:
            return end
    return None


def _frame_end(head: bytes, block_samples: int) -> int | None:
    """Return the number of the sample after a frame, `None` where no frame begins."""
    if head[1] & 0xFE != 0xF8 or head[3] & 0x01:
        return None
    size_code, rate_code = head[2] >> 4, head[2] & 0x0F
    length = _coded_bytes(head[4])
    if length is None or size_code == 0 or rate_code == 0x0F:
        return None
    at = 4 + length
    number = head[4] & (0x7F >> length if length > 1 else 0x7F)
    for byte in head[5:at]:
        number = number << 6 | byte & 0x3F
    match size_code:
        case 1:
            samples = 192
        case 2 | 3 | 4 | 5:
            samples = 576 << (size_code - 2)
        case 6:
            samples, at = head[at] + 1, at + 1
        case 7:
            samples, at = int.from_bytes(head[at : at + 2], "big") + 1, at + 2
        case _:
            samples = 256 << (size_code - 8)
    at += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if at >= len(head) or _checksum(head[:at], 0x07, 8) != head[at]:
        return None
    is_variable = head[1] & 0x01
    return (number if is_variable else number * block_samples) + samples


def _coded_bytes(first: int) -> int | None:
    """Return the length of a number that is coded as UTF-8 codes characters, by its first byte."""
    if first < 0x80:
        return 1
    ones = 8 - (~first & 0xFF).bit_length()
    return ones if 2 <= ones <= 7 else None


def _checksum(content: bytes, polynomial: int, bits: int) -> int:
    """Return the checksum of FLAC's frames, by its polynomial and width."""
    top, mask, value = 1 << (bits - 1), (1 << bits) - 1, 0
    for byte in content:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
    return value
