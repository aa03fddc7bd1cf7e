"""Turns as columns: the same latencies as `metrics.turn_latency` gives, thousands at a time."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from harness.analysis.failures import ANSWERED, is_ours
from harness.analysis.metrics import WAITED, Metric
from harness.analysis.quantiles import Sample
from harness.model import NS_PER_MS, NS_PER_S, TurnRecord, TurnStatus

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SESSION, _LIMIT = attrgetter("session_id"), attrgetter("limit_ms")
_IN_TEXT = attrgetter("in_text")
# By identity: to hash a member of an enumeration takes longer than all else here.
_STATUS_NUMBERS = {id(status): number for number, status in enumerate(TurnStatus)}


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
        names = list(map(_SESSION, self.turns))
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        return np.fromiter(map(numbers.__getitem__, names), np.int64, len(names))

    @cached_property
    def _statuses(self) -> NDArray[np.int64]:
        """The number of each turn's status among all statuses."""
        found = (_STATUS_NUMBERS[id(turn.status)] for turn in self.turns)
        return np.fromiter(found, np.int64, len(self))

    @cached_property
    def heard(self) -> Flags:
        """Whether the response was heard from."""
        return self._having_status(status for status in TurnStatus if status.was_heard)

    @cached_property
    def waited(self) -> Flags:
        """Whether the caller waited for it to the limit without an answer."""
        return self._having_status(WAITED)

    @cached_property
    def failed(self) -> Flags:
        """Whether the turn failed, as `failures.has_failed` says."""
        return ~self._having_status(ANSWERED)

    @cached_property
    def ours(self) -> Flags:
        """Whether it failed through us, as `failures.is_ours` says."""
        found = np.zeros(len(self), dtype=np.bool_)
        for index in np.flatnonzero(self.failed):
            found[index] = is_ours(self.turns[int(index)])
        return found

    def _having_status(self, statuses: Iterable[TurnStatus]) -> Flags:
        wanted = [_STATUS_NUMBERS[id(status)] for status in statuses]
        return np.isin(self._statuses, wanted)

    @cached_property
    def in_text(self) -> Flags:
        """Whether the turn was in text, so that nothing could be heard."""
        return np.fromiter(map(_IN_TEXT, self.turns), np.bool_, len(self))

    @cached_property
    def limits_ms(self) -> Floats:
        """How long the caller waited at most."""
        return np.fromiter(map(_LIMIT, self.turns), np.float64, len(self))

    def instant(self, name: str) -> Floats:
        """Return one instant of all turns, in ns; NaN where it did not come."""
        if name not in self._instants:
            found = list(map(attrgetter(f"at.{name}"), self.turns))
            self._instants[name] = np.array(found, dtype=np.float64)
        return self._instants[name]

    def number(self, name: str) -> Floats:
        """Return one number of every record, such as a lateness in ns; NaN where it has none."""
        return np.array(list(map(attrgetter(name), self.turns)), dtype=np.float64)

    @cached_property
    def error_bounds_ns(self) -> Floats:
        """`TurnRecord.error_bound_ns` of all turns; NaN where a part of it is not known."""
        late_ns = self.number("endpoint_lateness_ns")
        arrival_ns = self.number("arrival_uncertainty_ns") + self.number("processing_delay_ns")
        answered_ns = np.where(
            self.in_text, self.instant("first_text_ns"), self.instant("first_audible_ns")
        )
        unheard = np.isnan(answered_ns)
        return np.where(unheard, late_ns, late_ns + arrival_ns)

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
        counted = (self.heard | self.waited) & (self.in_text == metric.in_text)
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

    def blocks(self, metric: Metric, chosen: Flags, length_s: float) -> NDArray[np.int64] | None:
        """Return in which stretch of the run each value of `sample` began.

        Args:
            metric: As for `sample`.
            chosen: As for `sample`.
            length_s: Of a stretch.

        Returns:
            A number for each value; `None` where one has no time.
        """
        found, _ = self.latencies(metric)
        at_ns = self.instant("speech_end_ns")[chosen & ~np.isnan(found)]
        if np.isnan(at_ns).any():
            return None
        return (at_ns // (length_s * NS_PER_S)).astype(np.int64)

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
            self._of(metric, chosen),
        )

    def _of(self, metric: Metric, chosen: Flags) -> str:
        """Return what a metric's values are one of, where the turns are not of its kind."""
        if not chosen.any() or (self.in_text == metric.in_text)[chosen].any():
            return "turns"
        return "turns in text" if metric.in_text else "turns in audio"
