"""The largest number that holds, on a machine that is disturbed now and then.

Pure: the caller measures. The search grows until a number fails, then narrows down. One failure on
a shared machine may be another program's work, and one success a lucky moment, so what counts is
how much one outweighs the other: a number has failed when it failed two times more than it held, or
once beyond doubt, and the largest is accepted when it held two times more than it failed.

As long as nothing has held, one failure is enough to go down: what is wanted first is a number that
holds at all. A search that runs out of time before that goes down in long steps (`lower`), so that
it ends with a number wherever one exists.
"""

from dataclasses import dataclass
from enum import Enum
from math import sqrt


class TrialOutcome(Enum):
    """How one measurement came out."""

    HELD = 0
    FAILED = 1
    FAILED_BEYOND_DOUBT = 2


# How much further the next try goes as long as nothing failed.
_GROWTH = 1.5
_TO_DECIDE = 2
# After so many tries the larger number of outcomes decides.
_TRIES = 6
# How far down a search goes that is out of time and has nothing that held.
_DESCENT = 4


@dataclass(slots=True)
class _Tried:
    times: int = 0
    # How often it held, less how often it failed.
    balance: int = 0

    @property
    def has_failed(self) -> bool:
        return self.balance <= -_TO_DECIDE or (self.times >= _TRIES and self.balance <= 0)

    @property
    def is_accepted(self) -> bool:
        return self.balance >= _TO_DECIDE or (self.times >= _TRIES and self.balance > 0)

    @property
    def is_in_question(self) -> bool:
        return self.balance <= 0 and not self.has_failed


class Search:
    """Asks for numbers until the largest that holds is known.

    Args:
        start: The first number.
        most: The largest number that is tried.
        step: Narrowing ends when the next number that failed is at most this many times larger.
    """

    def __init__(self, start: int, *, most: int, step: float = 1.2) -> None:
        if not 1 <= start <= most or step <= 1:
            raise ValueError(f"nothing to search from {start} to {most} in steps of {step}")
        self._start, self._most, self._step = start, most, step
        self._tried: dict[int, _Tried] = {}

    @property
    def best(self) -> int | None:
        """The largest number found to hold so far, `None` when none has."""
        failed = self._least_failed
        held = (
            number
            for number, tried in self._tried.items()
            if tried.balance > 0 and (failed is None or number < failed)
        )
        return max(held, default=None)

    @property
    def confirmed(self) -> bool:
        """Whether the search is over, and not merely out of time."""
        return self.next is None

    @property
    def next(self) -> int | None:
        """The number to measure next, `None` when there is nothing left to find out."""
        if not self._tried:
            return self._start
        best, failed = self.best, self._least_failed
        open_numbers = [
            number
            for number, tried in self._tried.items()
            if tried.is_in_question and (failed is None or number < failed)
        ]
        if best is None:
            untried = min(self._tried) // 2
            return untried or (min(open_numbers) if open_numbers else None)
        if open_numbers:
            return min(open_numbers)
        between = self._between(best, failed)
        if between is not None:
            return between
        return None if self._tried[best].is_accepted else best

    @property
    def lower(self) -> int | None:
        """The number to measure when time is up and nothing has held; `None` when that is over."""
        if not self._tried:
            return self._start
        least = min(self._tried)
        return None if self.best is not None or least == 1 else max(1, least // _DESCENT)

    def record(self, number: int, verdict: TrialOutcome) -> None:
        """Take the outcome of one measurement."""
        tried = self._tried.setdefault(number, _Tried())
        tried.times += 1
        tried.balance += 1 if verdict is TrialOutcome.HELD else -verdict.value

    @property
    def _least_failed(self) -> int | None:
        return min((n for n, tried in self._tried.items() if tried.has_failed), default=None)

    def _between(self, best: int, failed: int | None) -> int | None:
        """Return a number above `best` that is worth trying, if any."""
        if failed is None:
            return min(_two_digits(_GROWTH * best), self._most) if best < self._most else None
        if failed <= best * self._step:
            return None
        middle = _two_digits(sqrt(best * failed))
        return middle if best < middle < failed else None


def _two_digits(number: float) -> int:
    """Round to two digits: no measurement here is good for more."""
    whole = round(number)
    return round(whole, 2 - len(str(whole)))
