"""Turns as columns: the same latencies as `metrics.turn_latency` gives, thousands at a time."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.analysis.metrics import WAITED, Metric
from harness.analysis.quantiles import Sample
from harness.model import NS_PER_MS, TurnRecord

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class TurnColumns:
    """The turns of one run, each attribute as an array that is made when it is first needed.

    Args:
        turns: The records, n of them.
    """

    def __init__(self, turns: Sequence[TurnRecord]) -> None:
        self.turns = turns
        self._instants: dict[str, Floats] = {}
        self._latencies: dict[str, tuple[Floats, Flags]] = {}

    def __len__(self) -> int:
        return len(self.turns)

    @cached_property
    def sessions(self) -> NDArray[np.int64]:
        """A number for the session of each turn, in order of appearance."""
        numbers: dict[str, int] = {}
        return np.array(
            [numbers.setdefault(turn.session_id, len(numbers)) for turn in self.turns],
            dtype=np.int64,
        )

    @cached_property
    def heard(self) -> Flags:
        """Whether the response was heard from."""
        return np.array([turn.status.was_heard for turn in self.turns], dtype=np.bool_)

    @cached_property
    def waited(self) -> Flags:
        """Whether the caller waited for it to the limit without an answer."""
        return np.array([turn.status in WAITED for turn in self.turns], dtype=np.bool_)

    @cached_property
    def limits_ms(self) -> Floats:
        """How long the caller waited at most."""
        return np.array([turn.limit_ms for turn in self.turns], dtype=np.float64)

    def instant(self, name: str) -> Floats:
        """Return one instant of all turns, in ns; NaN where it did not come."""
        if name not in self._instants:
            found = [getattr(turn.at, name) for turn in self.turns]
            self._instants[name] = np.array(found, dtype=np.float64)
        return self._instants[name]

    def values(self, attribute: str) -> list[str]:
        """Return the values that an attribute has, each once, in order of appearance."""
        return list(dict.fromkeys(str(getattr(turn, attribute)) for turn in self.turns))

    def having(self, attribute: str, value: str) -> Flags:
        """Return which turns have this value of an attribute."""
        return np.array([getattr(turn, attribute) == value for turn in self.turns], dtype=np.bool_)

    def latencies(self, metric: Metric) -> tuple[Floats, Flags]:
        """Return the latencies of all turns in ms, and which of them are right-censored.

        Returns:
            Shape (n,) each. A latency is NaN where the turn has none; where it is right-censored,
            it is at least the value.
        """
        if metric.name not in self._latencies:
            self._latencies[metric.name] = self._measure(metric)
        return self._latencies[metric.name]

    def _measure(self, metric: Metric) -> tuple[Floats, Flags]:
        counted = self.heard | self.waited
        if metric.of_session:
            return np.full(len(self), np.nan), np.zeros(len(self), dtype=np.bool_)
        if metric.given:
            counted = counted & ~np.isnan(self.instant(metric.given))
        start = np.full(len(self), np.nan)
        for name in metric.start:
            start = np.where(np.isnan(start), self.instant(name), start)
        counted = counted & ~np.isnan(start)
        found = (self.instant(metric.end) - start) / NS_PER_MS
        censored = np.zeros(len(self), dtype=np.bool_)
        if metric.beyond:
            beyond = np.maximum(0.0, (self.instant(metric.beyond) - start) / NS_PER_MS)
            use = np.isnan(found) & ~np.isnan(beyond)
            found, censored = np.where(use, beyond, found), censored | use
        if metric.awaited:
            before = (start - self.instant("speech_end_ns")) / NS_PER_MS
            floor = np.maximum(0.0, self.limits_ms - before)
            use = np.isnan(found) & self.waited & ~np.isnan(floor)
            found, censored = np.where(use, floor, found), censored | use
        return np.where(counted, found, np.nan), censored & counted

    def sample(self, metric: Metric, chosen: Flags) -> Sample:
        """Return a metric's sample over the chosen turns.

        Args:
            metric: One of turns, not of sessions.
            chosen: Shape (n,): which turns.
        """
        found, censored = self.latencies(metric)
        kept = chosen & ~np.isnan(found)
        late = kept & censored
        return Sample(
            np.where(censored, np.inf, found)[kept],
            self.sessions[kept],
            float(found[late].min()) if late.any() else None,
        )
