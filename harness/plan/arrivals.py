"""When calls begin under an open load: drawn from a seed before the run.

Under a closed load a caller begins the next call when the last one has ended, so a slow API is
called less often. Under an open load calls begin at planned instants, whatever became of those
before. Every instant is drawn from the seed alone: the same on any number of workers.
"""

import math
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from harness.errors import BadInput
from harness.model import NS_PER_S
from harness.plan.duration import parse_duration

_S_PER_MINUTE = 60
_UNITS = {"s": 1, "min": _S_PER_MINUTE, "h": 3600}
_RATE = re.compile(r"(\d+(?:\.\d+)?)/(s|min|h)")
_COUNTS = re.compile(r"\d+(?:,\d+)+")
# No machine begins calls faster, and a schedule of more minutes is no test but a year of traffic.
_FASTEST_PER_S, _LONGEST_MINUTES, _MOST_PER_MINUTE = 1_000.0, 100_000, 60_000
_CHUNK = 1_024
_HINT = "Give a rate such as 30/min, a ramp such as 10/min..60/min, or a CSV file"


class Arrivals(Protocol):
    """The planned starts of the calls of a run."""

    @property
    def calls(self) -> int | None:
        """How many calls there are, `None` where they go on."""
        ...

    @property
    def text(self) -> str:
        """What `parse_arrivals` makes the same arrivals of."""
        ...

    def start_ns(self, number: int) -> int | None:
        """Return when call `number` begins, since the first may; `None` where there is none."""
        ...


class PoissonArrivals:
    """Calls that begin independently of each other, at a rate that is constant or a ramp.

    Args:
        from_per_s: Calls a second at the beginning.
        to_per_s: Calls a second at the end of the ramp, and from then on.
        ramp_s: Length of the ramp; 0 for none.
        seed: Source of chance.
        text: How it is written.
    """

    def __init__(
        self, from_per_s: float, to_per_s: float, ramp_s: float, seed: int, text: str
    ) -> None:
        self._from, self._to, self._ramp_s = from_per_s, to_per_s, ramp_s
        self._seed, self._text = seed, text
        self._chunks: list[NDArray[np.float64]] = []

    @property
    def calls(self) -> int | None:
        """How many calls there are: they go on."""
        return None

    @property
    def text(self) -> str:
        """What `parse_arrivals` makes the same arrivals of."""
        return self._text

    def start_ns(self, number: int) -> int | None:
        """Return when call `number` begins, since the first may."""
        chunk, place = divmod(number, _CHUNK)
        while len(self._chunks) <= chunk:
            drawn = np.random.default_rng([self._seed, len(self._chunks)])
            before = self._chunks[-1][-1] if self._chunks else 0.0
            self._chunks.append(before + np.cumsum(drawn.exponential(size=_CHUNK)))
        return round(self._when_s(float(self._chunks[chunk][place])) * NS_PER_S)

    def _when_s(self, expected: float) -> float:
        """Return when so many calls are to be expected: the inverse of the rate's integral."""
        on_ramp = (self._from + self._to) / 2 * self._ramp_s
        if expected >= on_ramp:
            return self._ramp_s + (expected - on_ramp) / self._to
        slope = (self._to - self._from) / self._ramp_s
        # The root of `from t + slope t^2 / 2 = expected` that is exact for a slope of 0 too.
        return 2 * expected / (self._from + math.sqrt(self._from**2 + 2 * slope * expected))


@dataclass(frozen=True, slots=True)
class CountedArrivals:
    """So many calls in every minute, at instants of it that are drawn independently.

    Attributes:
        counts: Calls of each minute.
        seed: Source of chance.
    """

    counts: tuple[int, ...]
    seed: int
    # How many calls there are to the end of each minute.
    _until: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Add the minutes up."""
        object.__setattr__(self, "_until", tuple(accumulate(self.counts)))

    @property
    def calls(self) -> int | None:
        """How many calls there are."""
        return self._until[-1]

    @property
    def text(self) -> str:
        """What `parse_arrivals` makes the same arrivals of."""
        return ",".join(map(str, self.counts if len(self.counts) > 1 else (*self.counts, 0)))

    def start_ns(self, number: int) -> int | None:
        """Return when call `number` begins, since the first may; `None` where there is none."""
        minute = bisect_right(self._until, number)
        if minute == len(self.counts):
            return None
        count = self.counts[minute]
        before = self._until[minute] - count
        within_s = float(_within_minute(self.seed, minute, count)[number - before])
        return round((minute * _S_PER_MINUTE + within_s) * NS_PER_S)


@lru_cache(maxsize=8)
def _within_minute(seed: int, minute: int, count: int) -> NDArray[np.float64]:
    """Return the instants of one minute's calls, in order, in seconds of the minute."""
    drawn = np.random.default_rng([seed, minute])
    return np.sort(drawn.uniform(0, _S_PER_MINUTE, count))


def parse_arrivals(
    text: str, seed: int, *, run_s: float | None = None, calls: int | None = None
) -> Arrivals:
    """Return arrivals as a person writes them.

    Args:
        text: A rate (`30/min`), a ramp (`10/min..60/min`, or with its length
            `10/min..60/min in 5m`), or the calls of each minute (`10,20,40`).
        seed: Source of chance.
        run_s: How long the run takes, `None` when that is not known: the length of a ramp.
        calls: Calls of the run, `None` for any number: where nothing else says how long a ramp
            takes, it ends when so many are to be expected.

    Raises:
        BadInput: It is none of these, a rate is 0, or nothing says how long a ramp takes.
    """
    written = text.strip()
    if _COUNTS.fullmatch(written):
        return _counted([int(count) for count in written.split(",")], seed)
    rates, _, length = written.partition(" in ")
    low, ramp, high = rates.partition("..")
    first = _per_s(low, text)
    if not ramp:
        if length:
            raise _refusal(text, "a constant rate has no length", "End the run with --run-time")
        return PoissonArrivals(first, first, 0.0, seed, written)
    last = _per_s(high, text)
    ramp_s = parse_duration(length) if length else run_s
    if length and not ramp_s:
        raise _refusal(text, f"{length.strip()!r} is no length of time", "Write it as 90s or 5m")
    if ramp_s is None and calls is not None:
        ramp_s = 2 * calls / (first + last)
    if not ramp_s:
        raise _refusal(text, "how long the ramp takes is not said", "Give --run-time or --calls")
    # Whole seconds, so that the text says all of it.
    whole_s = math.ceil(ramp_s)
    return PoissonArrivals(first, last, whole_s, seed, f"{rates.strip()} in {whole_s}s")


def parse_calls_per_minute(text: str, seed: int, where: str) -> CountedArrivals:
    """Return the arrivals of a table: a line a minute, `minute,calls` or `calls` alone.

    A first line of words is taken for a heading. Minutes count from 0 or 1, without gaps.

    Args:
        text: What the file holds.
        seed: Source of chance.
        where: What messages call the file.

    Raises:
        BadInput: A line is no such row, a minute is missing, or comes before the run or twice.
    """
    counts: list[int] = []
    first: int | None = None
    for at, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.split(",")]
        if not any(cells) or (at == 1 and not any(_is_number(cell) for cell in cells)):
            continue
        place = f"{where}, line {at}"
        if len(cells) not in (1, 2) or not all(map(_is_number, cells)):
            raise BadInput(
                "is no row of two whole numbers, minute and calls",
                where=place,
                hint="A minute counts from the start of the run",
            )
        if int(cells[-1]) < 0:
            raise BadInput("has fewer than no calls", where=place)
        if len(cells) == 2:
            first = _check_minute(int(cells[0]), first, len(counts), place)
        counts.append(int(cells[-1]))
    if not counts:
        raise BadInput("holds no minute", where=where, hint="Write a line a minute: minute,calls")
    return _counted(counts, seed, where)


def _check_minute(minute: int, first: int | None, expected: int, place: str) -> int:
    """Return the number of a table's first minute.

    Raises:
        BadInput: The minute is not the one after that of the line before.
    """
    if first is None:
        if minute < 0:
            words = f"minute {minute} lies in the past: before the start of the run"
            raise BadInput(words, where=place, hint="Let minutes count from 0 or 1")
        if minute > 1:
            raise BadInput(
                f"begins at minute {minute}, which leaves a gap",
                where=place,
                hint="Let minutes count from 0 or 1; one without calls has a row with 0",
            )
        return minute
    if minute < first + expected:
        words = f"minute {minute} lies in the past: after minute {first + expected - 1}"
        raise BadInput(words, where=place, hint="Write minutes in order, each once")
    if minute > first + expected:
        raise BadInput(
            f"minute {first + expected} is missing",
            where=place,
            hint="A minute without calls has a row with 0",
        )
    return first


def _counted(counts: list[int], seed: int, where: str = "--arrivals") -> CountedArrivals:
    if not any(counts):
        raise BadInput("no minute has a call", where=where)
    if len(counts) > _LONGEST_MINUTES or max(counts) > _MOST_PER_MINUTE:
        raise BadInput(
            f"takes at most {_LONGEST_MINUTES} minutes of at most {_MOST_PER_MINUTE} calls",
            where=where,
        )
    return CountedArrivals(tuple(counts), seed)


def _per_s(written: str, text: str) -> float:
    found = _RATE.fullmatch(written.strip())
    if found is None:
        raise _refusal(text, f"{written.strip()!r} is no rate", _HINT)
    rate = float(found.group(1)) / _UNITS[found.group(2)]
    if not 0 < rate <= _FASTEST_PER_S:
        words = "a rate must be above 0" if rate == 0 else "no more than 1000 calls begin a second"
        raise _refusal(text, words, _HINT)
    return rate


def _refusal(text: str, words: str, hint: str) -> BadInput:
    return BadInput(words, where=f"--arrivals {text}", hint=hint)


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d{1,9}", cell) is not None
