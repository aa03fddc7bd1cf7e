"""Turns one by one: what their latencies are made of, and how they are distributed.

Means of stages add up to the mean of the whole, percentiles of stages do not.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.columns import TurnColumns
from harness.analysis.failures import is_ours
from harness.analysis.metrics import BY_NAME, headline_of
from harness.model import NS_PER_S, Run

_MIDDLE = (0.45, 0.55)
_SLOW = (0.925, 0.975)
_BINS = 48
_LOG_FROM_RATIO = 6.0
_LEAST_TURNS = 20

STAGES = ("endpoint_delay", "response_delay", "leading_silence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One turn that the API had its chance at.

    Attributes:
        network: Name of the network profile.
        at_s: When the caller stopped speaking, since run start; `None` when it never did.
        latency_ms: The headline of the run; `None` when nothing was heard.
        floor_ms: Least latency, where the caller waited to the limit without an answer.
        stages_ms: The stages of `STAGES`, which add up to `latency_ms`; `None` when one of them
            is not known.
    """

    network: str
    at_s: float | None
    latency_ms: float | None
    floor_ms: float | None
    stages_ms: tuple[float, ...] | None


def points(run: Run) -> list[Point]:
    """Return the turns of a run as points, by time; what we spoiled says nothing of the API."""
    columns = TurnColumns(run.turns)
    whole_ms, censored = columns.latencies(headline_of(run.turns))
    stages = [columns.latencies(BY_NAME[name]) for name in STAGES]
    stages_ms = np.stack([np.where(unknown, np.nan, ms) for ms, unknown in stages], axis=1)
    complete = ~np.isnan(stages_ms).any(axis=1)
    rows = zip(
        run.turns,
        columns.instant("speech_end_ns").tolist(),
        whole_ms.tolist(),
        censored.tolist(),
        stages_ms.tolist(),
        complete.tolist(),
        strict=True,
    )
    drawn = [
        Point(
            network=turn.network,
            at_s=None if math.isnan(end_ns) else end_ns / NS_PER_S,
            latency_ms=None if is_floor or math.isnan(ms) else ms,
            floor_ms=ms if is_floor else None,
            stages_ms=tuple(parts) if whole else None,
        )
        for turn, end_ns, ms, is_floor, parts, whole in rows
        if not is_ours(turn)
    ]
    return sorted(drawn, key=lambda point: -1.0 if point.at_s is None else point.at_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """Turns in which nothing was heard.

    Attributes:
        waited: The caller waited to the limit without an answer: the latency is right-censored.
        cut_off: They failed or ended early, and have no latency.
    """

    waited: int
    cut_off: int


def unheard(drawn: Iterable[Point]) -> Unheard:
    """Count the turns in which nothing was heard."""
    silent = [point for point in drawn if point.latency_ms is None]
    waited = sum(point.floor_ms is not None for point in silent)
    return Unheard(waited=waited, cut_off=len(silent) - waited)


def last_s(drawn: Iterable[Point]) -> float:
    """Return when the last caller stopped speaking, in seconds since run start; 0 for none."""
    return max((point.at_s for point in drawn if point.at_s is not None), default=0.0)


def slowness(point: Point) -> float:
    """Return what orders turns from the fastest to those without an answer."""
    return float("inf") if point.latency_ms is None else point.latency_ms


def spectrum(drawn: Iterable[Point]) -> list[tuple[float, float]]:
    """Return (tail, latency in ms) pairs of the percentile curve, at most a few hundred.

    `tail` is n / (n - k + 1) for the k-th fastest of n turns: 1 at the fastest, 2 at the median,
    100 at P99. A turn that the caller waited for in vain stands at the floor of its latency;
    one that the API failed or cut off has none.
    """
    known = (p.floor_ms if p.latency_ms is None else p.latency_ms for p in drawn)
    values = sorted(value for value in known if value is not None)
    n = len(values)
    pairs: list[tuple[float, float]] = []
    for index, value in enumerate(values):
        tail = n / (n - index)
        if not pairs or tail >= pairs[-1][0] * 1.01 or index == n - 1:
            pairs.append((tail, value))
    return pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMeans:
    """Mean stages of a group of turns; means add up, percentiles of stages do not.

    Attributes:
        n: Turns in the group.
        stages_ms: Mean of each of `STAGES`.
    """

    n: int
    stages_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyBins:
    """How the latencies of groups of turns are distributed.

    Attributes:
        edges_ms: Of the bins, ascending, one more than bins.
        logarithmic: Bins are as wide as each other in proportion.
        shares: By group, the share of its turns in each bin.
        silent: By group, the share of its turns in which nothing was heard.
    """

    edges_ms: tuple[float, ...]
    logarithmic: bool
    shares: dict[str, tuple[float, ...]]
    silent: dict[str, float]


def latency_bins(groups: Mapping[str, Sequence[Point]]) -> LatencyBins | None:
    """Sort turns into bins of latency; `None` where nothing was heard.

    Bins are as wide as each other, in proportion where the slowest turn took many times as long as
    the fastest.
    """
    values = {
        name: np.array([p.latency_ms for p in drawn if p.latency_ms is not None], dtype=np.float64)
        for name, drawn in groups.items()
    }
    heard = np.concatenate([*values.values(), np.empty(0)])
    if not len(heard):
        return None
    low, high = float(heard.min()), float(heard.max())
    logarithmic = low > 0 and high > _LOG_FROM_RATIO * low
    if logarithmic:
        edges = np.geomspace(low, high, _BINS + 1)
    else:
        edges = np.linspace(low, max(high, low + 1), _BINS + 1)
    # Rounding must not put the least and the greatest outside.
    edges[0], edges[-1] = min(low, edges[0]), max(high, edges[-1])
    totals = {name: max(len(drawn), 1) for name, drawn in groups.items()}
    return LatencyBins(
        edges_ms=tuple(edges.tolist()),
        logarithmic=logarithmic,
        shares={
            name: tuple((np.histogram(found, edges)[0] / totals[name]).tolist())
            for name, found in values.items()
        },
        silent={name: 1 - len(found) / totals[name] for name, found in values.items()},
    )


def typical_and_slow(drawn: Iterable[Point]) -> tuple[StageMeans, StageMeans] | None:
    """Return the stages of a typical and of a slow turn.

    Typical is the mean of the turns between P45 and P55 of voice_to_voice, slow of those between
    P92.5 and P97.5: what P50 and P95 are made of; `None` when there are too few turns for either to
    mean something.
    """
    ordered = sorted(
        (p for p in drawn if p.stages_ms is not None and p.latency_ms is not None),
        key=slowness,
    )
    if len(ordered) < _LEAST_TURNS:
        return None
    return _means(ordered, *_MIDDLE), _means(ordered, *_SLOW)


def _means(ordered: Sequence[Point], low: float, high: float) -> StageMeans:
    first, last = int(low * len(ordered)), max(int(high * len(ordered)), 1)
    group = [p.stages_ms for p in ordered[first : max(last, first + 1)] if p.stages_ms is not None]
    means = tuple(sum(column) / len(group) for column in zip(*group, strict=True))
    return StageMeans(n=len(group), stages_ms=means)
