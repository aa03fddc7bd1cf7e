"""A server's byte stream, cut into whole frames. Pure.

Nearly all a voice API sends is unfragmented: its audio, tens of pieces a second to every
session. The `websockets` core, which is right in every case, takes several times as long for each
as looking at its header does. So those frames are taken out here, and everything else goes on to
the core as it came, in whole frames: at the end of each, the core is where this is.
"""

import sys

from websockets.frames import Opcode

from harness.model import BinaryMessage

# Lengths that stand for a longer field, and the bits beside them (RFC 6455 section 5.2).
_TWO_BYTES, _MASKED = 126, 0x80
_FIN, _CONTROL = 0x80, 0x08
_WHOLE_TEXT, _WHOLE_BINARY = 0x80 | Opcode.TEXT, 0x80 | Opcode.BINARY


class Slicer:
    """One connection's stream, from the first byte after the upgrade.

    Args:
        limit_bytes: The longest frame that is waited for. What begins with the header of a longer
            one is left to the core, which refuses it by the header alone.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._rest = bytearray()
        self._need = 0
        self._fragmented = self._given_up = False

    def feed(self, data: bytes) -> tuple[list[tuple[bool, bytes]], bool]:
        """Take the next bytes.

        Args:
            data: What was read.

        Returns:
            In order: `True` with a whole message, or `False` with bytes for
            the core; and whether the last of them ends where `data` ends.
        """
        if self._given_up:
            return [(False, data)], True
        if self._rest:
            self._rest += data
            if len(self._rest) < self._need:
                return [], False
            data = bytes(self._rest)
            self._rest.clear()
        pieces: list[tuple[bool, bytes]] = []
        at, size, self._need = 0, len(data), 2
        while size - at >= 2:
            length, body = data[at + 1], at + 2
            if length >= _TWO_BYTES:
                length, body = _long(data, at)
                if length > self._limit_bytes:
                    self._given_up = True
                    pieces.append((False, data[at:]))
                    return pieces, True
            end = body + length
            if end > size:
                self._need = end - at
                break
            first = data[at]
            if first == _WHOLE_TEXT and not self._fragmented:
                pieces.append((True, data[body:end]))
            elif first == _WHOLE_BINARY and not self._fragmented:
                pieces.append((True, BinaryMessage(data[body:end])))
            else:
                if not first & _CONTROL:
                    self._fragmented = not first & _FIN
                pieces.append((False, data[at:end]))
            at = end
        if at == size:
            return pieces, True
        self._rest += data[at:]
        return pieces, False


def _long(data: bytes, at: int) -> tuple[int, int]:
    """Return the length of the body of the frame at `at`, and where it begins.

    A header that is not there yet is as good as a body that is not, and a masked frame, which no
    server may send, as good as one that is too long.
    """
    length = data[at + 1]
    if length & _MASKED:
        return sys.maxsize, at
    size = 2 if length == _TWO_BYTES else 8
    start, body = at + 2, at + 2 + size
    if len(data) < body:
        return size, start
    return int.from_bytes(data[start:body], "big"), body
