"""The calls of a process's share that have not begun, by user class."""

from collections import defaultdict

from harness.load.class_schedule import Calls
from harness.load.share import Share


class CallQueue:
    """Gives out the numbers of a share, each once.

    Args:
        share: Which numbers are the process's.
        calls: Calls of the run, `None` when time decides.
        schedule: Says which class a number belongs to.
    """

    def __init__(self, share: Share, calls: int | None, schedule: Calls) -> None:
        self._share, self._calls, self._schedule = share, calls, schedule
        self._next: defaultdict[str, int] = defaultdict(int)

    @property
    def exhausted(self) -> bool:
        """Whether every call has been given out."""
        return all(self.peek(name) is None for name in self._schedule.parts)

    def peek(self, user_class: str) -> int | None:
        """Return the number of a class's next call, `None` if there is none left."""
        index = self._next[user_class]
        if user_class not in self._schedule.parts:
            return None
        while True:
            number = self._share.number(index)
            if self._calls is not None and number >= self._calls:
                self._next[user_class] = index
                return None
            if self._schedule.class_of(number) == user_class:
                self._next[user_class] = index
                return number
            index += 1

    def take(self, user_class: str) -> int | None:
        """Return the number of a class's next call, which has begun; `None` if none is left."""
        number = self.peek(user_class)
        if number is not None:
            self._next[user_class] += 1
        return number
