"""Whole WebSocket frames out of a stream of bytes, and plain ones parsed at once.

Fifty times a second every caller sends a masked text frame that is complete in itself. The
protocol core parses any frame, but costs more than everything else that is done with one.
So a stream is cut at frame boundaries here, and a plain frame's text is unmasked here; every
other frame goes to the core, whole, as it came.
"""

from collections.abc import Iterator

try:
    from websockets.speedups import apply_mask
except ImportError:  # no compiled part for this platform
    from websockets.utils import apply_mask

_FINAL = 0x80
_CONTROL = 0x08
_FINAL_TEXT = 0x81
_MASKED = 0x80
_LONG, _LONGER = 126, 127
# A masked frame whose length takes two bytes.
_USUAL, _USUAL_HEAD = _MASKED | _LONG, 8


class Frames:
    """Cuts one connection's stream into frames.

    Args:
        largest: Frames that claim more than this many bytes are not waited for: their bytes are
            handed out as they are, for the core to refuse.
    """

    __slots__ = ("_in_message", "_largest", "_needed", "_rest")

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._rest = bytearray()
        self._needed = 0
        self._in_message = False

    def single(self, data: bytes) -> bytes | None:
        """Return the text of a plain frame of usual length that is all of `data`.

        That is what nearly every read from a caller's socket holds. `None` for anything else,
        which is to be fed.
        """
        if (
            len(data) >= _USUAL_HEAD
            and data[0] == _FINAL_TEXT
            and data[1] == _USUAL
            and (data[2] << 8 | data[3]) + _USUAL_HEAD == len(data)
            and not self._rest
            and not self._in_message
        ):
            return apply_mask(data[_USUAL_HEAD:], data[4:_USUAL_HEAD])
        return None

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """Take bytes.

        Yields:
            A plain frame's text and `True`, or the bytes of any other frame and `False`.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needed:
                return
            data = bytes(self._rest)
            self._rest.clear()
        start, end = 0, len(data)
        while start < end:
            mask_at, size = _header(data, start)
            stop = mask_at + 4 + size if mask_at else end + 1
            unmasked = end - start > 1 and not data[start + 1] & _MASKED
            if unmasked or size > self._largest:
                yield data[start:], False
                return
            if stop > end:
                self._rest += data[start:]
                self._needed = stop - start
                return
            if data[start] == _FINAL_TEXT and not self._in_message:
                yield apply_mask(data[mask_at + 4 : stop], data[mask_at : mask_at + 4]), True
            else:
                if not data[start] & _CONTROL:
                    self._in_message = not data[start] & _FINAL
                yield data[start:stop], False
            start = stop


def _header(data: bytes, start: int) -> tuple[int, int]:
    """Return where the mask of the frame at `start` begins and how long its payload is.

    The place is 0 when the header is not complete.
    """
    have = len(data) - start
    if have < 2:
        return 0, 0
    size = data[start + 1] & 0x7F
    if size < _LONG:
        return start + 2, size
    width = 2 if size == _LONG else 8
    if have < 2 + width:
        return 0, 0
    return start + 2 + width, int.from_bytes(data[start + 2 : start + 2 + width], "big")
