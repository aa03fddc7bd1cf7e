"""What is due when: one heap of instants, and everything that shares an instant in one slot.

Frames of all sessions fall due on one grid of milliseconds, so a thousand sessions have twenty
instants between them, and the heap stays as small as that.
"""

import heapq
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Deadlines(Generic[Item]):
    """Items by the instant they are due, in nanoseconds."""

    def __init__(self) -> None:
        self._instants: list[int] = []
        self._slots: dict[int, list[Item]] = {}

    @property
    def next_ns(self) -> int | None:
        """The earliest instant at which anything is due."""
        return self._instants[0] if self._instants else None

    def add(self, due_ns: int, item: Item) -> None:
        """Note an item."""
        slot = self._slots.get(due_ns)
        if slot is None:
            self._slots[due_ns] = [item]
            heapq.heappush(self._instants, due_ns)
        else:
            slot.append(item)

    def take(self) -> list[Item]:
        """Take out everything due at `next_ns`, in the order in which it was added.

        Raises:
            IndexError: Nothing is.
        """
        return self._slots.pop(heapq.heappop(self._instants))
