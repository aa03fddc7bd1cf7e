"""Tables of a TOML file, read key by key, and the lengths of time in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.errors import BadInput, sanitised


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A length of time that is drawn: evenly, or log-normally where `sigma` is above 0.

    Attributes:
        low_ms: Shortest; the median of a log-normal one.
        high_ms: Longest.
        sigma: Standard deviation of the logarithm.
        chance: How likely it happens at all.
    """

    low_ms: float
    high_ms: float
    sigma: float = 0.0
    chance: float = 1.0

    def draw(self, rng: np.random.Generator) -> float | None:
        """Return a length in milliseconds, `None` when it does not happen.

        Two numbers are always taken from `rng`, so that the outcome of one turn does not shift
        the draws of the next.
        """
        happens, at = rng.random(), rng.standard_normal() if self.sigma else rng.random()
        if happens >= self.chance:
            return None
        if self.sigma:
            return round(min(self.low_ms * float(np.exp(self.sigma * at)), self.high_ms), 3)
        return round(self.low_ms + (self.high_ms - self.low_ms) * float(at), 3)


class TomlTable:
    """A TOML table that is consumed key by key; keys left at the end are unknown."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self._left, self.where = dict(table), where

    def take(self, key: str, kind: type) -> Any:
        """Return a value of a type, `None` when it is not there."""
        value = self._left.pop(key, None)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise BadInput(f"{key} is not {kind.__name__}", where=self.where)
        return value

    def text(self, key: str) -> str:
        """Return a text, empty when it is not there."""
        return sanitised(self.take(key, str) or "")

    def texts(self, key: str) -> tuple[str, ...]:
        """Return one text, or a list of them; none when it is not there."""
        found = self._left.pop(key, [])
        found = [found] if isinstance(found, str) else found
        if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
            raise BadInput(f"{key} is neither a text nor a list of texts", where=self.where)
        return tuple(sanitised(one) for one in found)

    def number(
        self, key: str, *, most: float = 3_600_000.0, otherwise: float | None = None
    ) -> float | None:
        """Return a number from 0 to `most`."""
        value = self._left.pop(key, otherwise)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise BadInput(f"{key} is not a number from 0 to {most:g}", where=self.where)
        return float(value)

    def span(self, key: str) -> Span | None:
        """Return a length of time, `None` when it is not there."""
        table = self.take(key, dict)
        return None if table is None else parse_span(table, f"{self.where}, {key}")

    def done(self) -> None:
        """Refuse keys that are left."""
        if self._left:
            raise BadInput(f"not understood: {sanitised(', '.join(self._left))}", where=self.where)


def parse_span(table: Mapping[str, Any], where: str) -> Span:
    """Return the length of time that a table describes.

    Raises:
        BadInput: It describes none.
    """
    inner = TomlTable(table, where)
    chance = inner.number("chance", most=1.0, otherwise=1.0)
    median_ms = inner.number("median_ms")
    sigma = inner.number("sigma", most=5.0)
    low_ms, high_ms = inner.number("low_ms"), inner.number("high_ms")
    most_ms = inner.number("most_ms", otherwise=60_000.0)
    inner.done()
    even = low_ms is not None and high_ms is not None and low_ms <= high_ms
    if even == (median_ms is not None and sigma is not None):
        raise BadInput("needs low_ms up to high_ms, or median_ms and sigma", where=inner.where)
    if even:
        return Span(low_ms=low_ms or 0.0, high_ms=high_ms or 0.0, chance=chance or 0.0)
    return Span(
        low_ms=median_ms or 0.0,
        high_ms=most_ms or 0.0,
        sigma=sigma or 0.0,
        chance=chance or 0.0,
    )
