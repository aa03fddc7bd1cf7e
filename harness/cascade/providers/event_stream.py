"""Server-sent events, which language models stream their answers as."""

import re

# No event of a language model is as long; a server that sends more is cut off.
_LONGEST_BYTES = 2**20
_LINE_END = re.compile(rb"\r\n|\r|\n")
_MARK = b"\xef\xbb\xbf"


class TooLong(ValueError):
    """An event that is longer than any that is expected."""


class EventStream:
    """Takes a stream apart, whatever the pieces in which it comes."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._size = 0
        self._begun = self._ended_in_return = False

    def feed(self, piece: bytes) -> list[bytes]:
        """Take more bytes, and return the data of the events that are whole now.

        Raises:
            TooLong: An event has more than a mebibyte.
        """
        if self._ended_in_return and piece:
            # The line has ended already: a line feed that follows belongs to that end.
            piece = piece.removeprefix(b"\n")
            self._ended_in_return = False
        whole = self._rest + piece
        if not self._begun and len(whole) >= len(_MARK):
            whole, self._begun = whole.removeprefix(_MARK), True
        *lines, self._rest = _LINE_END.split(whole)
        if piece.endswith(b"\r"):
            self._ended_in_return = True
        if len(self._rest) + self._size > _LONGEST_BYTES:
            raise TooLong("an event has more than a mebibyte")
        return [data for line in lines if (data := self._line(line)) is not None]

    def _line(self, line: bytes) -> bytes | None:
        """Take a line; return the event's data when this one ends it."""
        if not line:
            data, self._data, self._size = self._data, [], 0
            return b"\n".join(data) if data else None
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(value)
            if self._size > _LONGEST_BYTES:
                raise TooLong("an event has more than a mebibyte")
        return None
