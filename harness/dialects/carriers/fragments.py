"""Frames of Amazon Connect's agents that came in parts, because they were too large for one.

Source: AWS, "A2A protocol contract for external AI agents", transport fragmentation (A). How much
may be on its way at once is not documented; the bounds are those of a public agent (C).
"""

import base64
import binascii

from harness.dialects.base import MalformedMessage

_MOST_PARTS, _MOST_FRAMES, _MOST_CHARS = 64, 8, 1 << 20


class Fragments:
    """The parts of one call that wait for others; the oldest frame is given up for a new one."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: dict[str, dict[int, str]] = {}

    def take(self, name: str, part: int, parts: int, payload: str) -> bytes | None:
        """Take one part; return the frame that it completes, `None` while others are missing.

        Args:
            name: Which frame it is of.
            part: Its place, from 0.
            parts: How many there are.
            payload: A piece of the frame's base64.

        Raises:
            MalformedMessage: There is no such part, the frame is too large or not base64.
        """
        if not 0 <= part < parts <= _MOST_PARTS:
            raise MalformedMessage("a fragment that its frame does not have")
        come = self._waiting.pop(name, {})
        come[part] = payload
        if sum(map(len, come.values())) > _MOST_CHARS:
            raise MalformedMessage("a frame too large to be put together")
        if any(number not in come for number in range(parts)):
            while len(self._waiting) >= _MOST_FRAMES:
                del self._waiting[next(iter(self._waiting))]
            self._waiting[name] = come
            return None
        try:
            return base64.b64decode("".join(come[at] for at in range(parts)), validate=True)
        except (binascii.Error, ValueError) as error:
            raise MalformedMessage("fragments that are not base64") from error
