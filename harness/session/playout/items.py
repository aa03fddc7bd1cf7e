"""Which item of a response is playing, so that a server can be told where it was truncated."""

from harness.model import Truncate


class Items:
    """The items whose audio came in a turn, in the order of their audio.

    Args:
        rate_hz: Sample rate of the responses.
    """

    __slots__ = ("_items", "_rate_hz", "latest")

    def __init__(self, rate_hz: int) -> None:
        self.latest = ""
        self._rate_hz = rate_hz
        self._items: list[tuple[str, int]] = []

    def begin(self, item_id: str, kept_samples: int) -> None:
        """Note that audio of another item begins, and how much is heard before it."""
        self.latest = item_id
        self._items.append((item_id, kept_samples))

    def cut_off(self, heard_samples: int) -> Truncate | None:
        """Return how much was heard of the item that was playing; `None` when it has no name.

        Args:
            heard_samples: All that was heard of the turn's responses.
        """
        for item_id, first in reversed(self._items):
            if first < heard_samples:
                heard_ms = (heard_samples - first) * 1000 // self._rate_hz
                return Truncate(item_id, heard_ms) if item_id else None
        return None
