"""Events of the Wyoming protocol: a line of JSON, then more data and a payload where it says so."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

# A minute of speech at 48 kHz is less; a server that sends more in one event is cut off.
_MOST_BYTES = 8 * 2**20


class Malformed(ValueError):
    """Bytes that are no event, or one that is longer than is read."""


@dataclass(frozen=True, slots=True)
class WyomingEvent:
    """One event."""

    kind: str
    data: dict[str, Any] = field(default_factory=dict)
    payload: bytes = b""

    def encode(self) -> bytes:
        """Return it as it goes on the wire."""
        data = msgspec.json.encode(self.data) if self.data else b""
        head: dict[str, Any] = {"type": self.kind}
        if data:
            head["data_length"] = len(data)
        if self.payload:
            head["payload_length"] = len(self.payload)
        return b"".join((msgspec.json.encode(head), b"\n", data, self.payload))


class _Head(msgspec.Struct):
    type: str
    data: dict[str, Any] | None = None
    data_length: int | None = None
    payload_length: int | None = None


class WyomingStream:
    """Takes a stream apart, whatever the pieces in which it comes."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._head: _Head | None = None
        self._searched = 0

    def feed(self, piece: bytes) -> list[WyomingEvent]:
        """Take more bytes, and return the events that are whole now.

        Raises:
            Malformed: They are no events, or one of them is too long.
        """
        self._rest += piece
        found = []
        while (event := self._next()) is not None:
            found.append(event)
        return found

    def _next(self) -> WyomingEvent | None:
        if self._head is None and not self._take_head():
            return None
        assert self._head is not None
        head = self._head
        data_length, payload_length = head.data_length or 0, head.payload_length or 0
        whole = data_length + payload_length
        if not 0 <= min(data_length, payload_length) <= whole <= _MOST_BYTES:
            raise Malformed("an event has more than 8 MiB")
        if len(self._rest) < whole:
            return None
        more, payload = bytes(self._rest[:data_length]), bytes(self._rest[data_length:whole])
        del self._rest[:whole]
        self._head = None
        try:
            data = msgspec.json.decode(more, type=dict[str, Any]) if more else {}
        except (msgspec.MsgspecError, UnicodeError):
            raise Malformed("the data of an event is no JSON object") from None
        return WyomingEvent(head.type, (head.data or {}) | data, payload)

    def _take_head(self) -> bool:
        end = self._rest.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._rest)
            if self._searched > _MOST_BYTES:
                raise Malformed("an event has more than 8 MiB")
            return False
        try:
            self._head = msgspec.json.decode(bytes(self._rest[:end]), type=_Head)
        except (msgspec.MsgspecError, UnicodeError):
            raise Malformed("a line is no event") from None
        del self._rest[: end + 1]
        self._searched = 0
        return True
