"""What is due when: one heap of instants, and everything that shares an instant in one slot.

Frames of all sessions fall due on one grid of milliseconds, so a thousand sessions have twenty
instants between them, and the heap stays as small as that. Nearly everything in a slot is due
again together, a frame later, and goes there as it is.
"""

import heapq
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Deadlines(Generic[Item]):
    """Items by the instant they are due and how often they are, in nanoseconds."""

    def __init__(self) -> None:
        self._keys: list[tuple[int, int]] = []
        self._slots: dict[tuple[int, int], list[Item]] = {}

    @property
    def next_ns(self) -> int | None:
        """The earliest instant at which anything is due."""
        return self._keys[0][0] if self._keys else None

    def add(self, due_ns: int, every_ns: int, item: Item) -> None:
        """Note an item that is due at an instant, and then every so often."""
        self.add_all(due_ns, every_ns, [item])

    def add_all(self, due_ns: int, every_ns: int, items: list[Item]) -> None:
        """Note items that are due together; the list is kept, and changed."""
        key = due_ns, every_ns
        slot = self._slots.get(key)
        if slot is not None:
            slot += items
        elif items:
            self._slots[key] = items
            heapq.heappush(self._keys, key)

    def take(self) -> tuple[int, int, list[Item]]:
        """Take out one slot of those due at `next_ns`.

        Returns:
            When its items are due and how often, and they in the order in which they were added.

        Raises:
            IndexError: Nothing is.
        """
        key = heapq.heappop(self._keys)
        return *key, self._slots.pop(key)
