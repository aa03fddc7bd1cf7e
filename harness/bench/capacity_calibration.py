"""Does a capacity search find the limit of a service whose limit is known?

The service is the simulator's own model of load, with calls on a simulated clock: each caller
thinks, speaks, waits for the response and hears it, again and again. Its true limit is worked out
from so many turns at each load that chance plays no part. Two promises: the limit lies in the
reported interval in at least 18 of 20 searches, and the way it is passed is called what it is.
"""

import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from harness.analysis.capacity.boundary import BoundaryKind, name_boundary
from harness.analysis.capacity.limit import Limit, find_limit
from harness.analysis.capacity.search import Search, SearchRule
from harness.analysis.capacity.step import ObjectiveShare, StepResult
from harness.model import NS_PER_S, Progress
from harness.simulator import CallLoad, CallRule, Capacity, CapacityRule

_SEED = 20_261_130
# So far apart are the searches of two seeds: more than there can be of one.
_APART = 1_000_000
_HELD = 0.9
_NAMED = 0.9
_BLOCKS = 6
_TURNS_A_CALL = 6
_SPOKEN_S, _THINK_S, _HEARD_S = 2.5, (0.3, 0.9), 2.0
_MEDIAN_S, _SIGMA, _SESSION_SIGMA = 0.7, 0.25, 0.12
_PERCENTILE = 0.95
# Long enough that the share of late turns at a load is known to some tenths of a percent.
_LONG_S = 12_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedService:
    """A service with a planted limit.

    Attributes:
        name: What it is, in words.
        kind: How its limit is passed.
        limit_ms: The objective: 95 % of turns within this.
        slots: A queue for so many responses at once, `None` for none.
        calls: What many open calls cost, `None` for nothing.
    """

    name: str
    kind: BoundaryKind
    limit_ms: float
    slots: CapacityRule | None = None
    calls: CallRule | None = None

    def turns(self, callers: int, seconds: float, seed: int) -> tuple[np.ndarray, ...]:
        """Hold so many callers on a simulated clock.

        Args:
            callers: Held throughout.
            seconds: For so long.
            seed: Source of all chance.

        Returns:
            For each turn its latency in ms, infinite where it failed, the number of its session,
            and when it was spoken, in seconds.
        """
        rng = np.random.default_rng([_SEED, seed])
        queue = Capacity(self.slots, rng) if self.slots is not None else None
        load = CallLoad(self.calls, lambda: callers, queue) if self.calls is not None else queue
        due = [(float(rng.uniform(0, 5)), caller) for caller in range(callers)]
        heapq.heapify(due)
        left = rng.integers(1, _TURNS_A_CALL + 1, callers)
        sessions = np.arange(callers)
        usual = rng.normal(0, _SESSION_SIGMA, callers)
        begun, found = callers, []
        while due[0][0] < seconds:
            at_s, caller = due[0]
            wait_ns = 0 if load is None else load.admit(round(at_s * NS_PER_S))
            own_s = _MEDIAN_S * math.exp(usual[caller] + _SIGMA * rng.normal())
            latency_s = math.inf if wait_ns is None else own_s + wait_ns / NS_PER_S
            found.append((1000 * latency_s, int(sessions[caller]), at_s))
            left[caller] -= 1
            if not left[caller]:
                left[caller], sessions[caller], begun = _TURNS_A_CALL, begun, begun + 1
                usual[caller] = rng.normal(0, _SESSION_SIGMA)
            heard_s = own_s if math.isinf(latency_s) else latency_s + _HEARD_S
            pause_s = float(rng.uniform(*_THINK_S)) + _SPOKEN_S * float(rng.uniform(0.6, 1.4))
            heapq.heapreplace(due, (at_s + heard_s + pause_s, caller))
        return tuple(np.array(column) for column in zip(*found, strict=True))

    def step(self, callers: int, seconds: float, seed: int) -> StepResult:
        """Return what a step with so many callers comes to, its first fifth cut off."""
        latency_ms, sessions, at_s = self.turns(callers, 1.25 * seconds, seed)
        kept = at_s >= 0.25 * seconds
        latency_ms, sessions, at_s = latency_ms[kept], sessions[kept], at_s[kept]
        share = ObjectiveShare(
            subject=f"voice_to_voice P95 at most {self.limit_ms:g} ms",
            allowed=1 - _PERCENTILE,
            missed=latency_ms > self.limit_ms,
            sessions=sessions,
            blocks=(at_s * _BLOCKS / seconds).astype(np.int64),
            value_ms=float(
                np.minimum(np.quantile(latency_ms, _PERCENTILE, method="inverted_cdf"), 15_000)
            ),
        )
        return StepResult(load=callers, run=f"seed {seed}", seconds=seconds, shares=(share,))

    def true_limit(self, most: int) -> int:
        """Return the largest number of callers that meets the objective.

        Args:
            most: A number that does not.
        """
        low, high = 0, most
        while high - low > 1:
            middle = (low + high) // 2
            latency_ms, _, at_s = self.turns(middle, max(600.0, _LONG_S * 12 / middle), 0)
            late = float(np.mean(latency_ms[at_s > 60] > self.limit_ms))
            low, high = (middle, high) if late <= 1 - _PERCENTILE else (low, middle)
        return low


SERVICES = (
    PlantedService(
        name="queue of 6 slots",
        kind=BoundaryKind.KNEE,
        limit_ms=1_500.0,
        slots=CapacityRule(slots=6, service_ms=1_500.0),
    ),
    PlantedService(
        name="60 ms more for each call beyond 24",
        kind=BoundaryKind.KNEE,
        limit_ms=1_300.0,
        calls=CallRule(knee=24, slower_ms=60.0),
    ),
    PlantedService(
        name="1.5 s more beyond 30 calls",
        kind=BoundaryKind.CLIFF,
        limit_ms=1_300.0,
        calls=CallRule(knee=30, cliff_ms=1_500.0),
    ),
    PlantedService(
        name="refusal beyond 17 calls",
        kind=BoundaryKind.CLIFF,
        limit_ms=1_300.0,
        calls=CallRule(knee=17, refuse=True),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchCalibration:
    """How searches against one service came out.

    Attributes:
        service: Its name.
        kind: How its limit is truly passed.
        limit: The true limit.
        searches: How many.
        held: In how many the interval held the limit.
        named: How many called the boundary what it is.
        steps: Mean number of steps.
        width: Mean width of the interval, as a share of the limit.
        found: Estimate and interval of each.
    """

    service: str
    kind: str
    limit: int
    searches: int
    held: int
    named: int
    steps: float
    width: float
    found: tuple[tuple[int | None, int, int | None], ...]

    @property
    def kept(self) -> bool:
        """Whether both promises were kept."""
        return self.held >= _HELD * self.searches and self.named >= _NAMED * self.searches


def calibrate(
    searches: int,
    seconds: float,
    progress: Progress,
    services: tuple[PlantedService, ...] = SERVICES,
    seed: int = 0,
) -> Iterator[SearchCalibration]:
    """Search every service again and again.

    Args:
        searches: How often each.
        seconds: Length of a step.
        progress: Receives the progress.
        services: Which.
        seed: Source of all chance; with another one no search is drawn again.
    """
    for number, service in enumerate(services):
        progress.step(f"{service.name}: its true limit", "searches")
        true = service.true_limit(80)
        progress.step(f"{service.name}: {true} calls", "searches")
        limits: list[Limit] = []
        named, steps = 0, 0
        for index in range(searches):
            search = search_service(service, seconds, seed * _APART + 1_000 * number + index)
            limits.append(find_limit(search.results))
            named += name_boundary(search.results).kind is service.kind
            steps += len(search.results)
            progress.advance(index + 1, searches)
        yield SearchCalibration(
            service=service.name,
            kind=str(service.kind),
            limit=true,
            searches=searches,
            held=sum(holds(limit, true) for limit in limits),
            named=named,
            steps=steps / searches,
            width=float(np.mean([((one.high or 2 * true) - one.low) / true for one in limits])),
            found=tuple((one.calls, one.low, one.high) for one in limits),
        )


def search_service(service: PlantedService, seconds: float, seed: int) -> Search:
    """Search one service to the end and return the search."""
    search = Search(SearchRule(start=1, most=400), np.random.default_rng([_SEED, seed]))
    while (callers := search.next) is not None:
        number = 100 * seed + len(search.results) + 1
        search.record(service.step(callers, seconds, number))
    return search


def holds(limit: Limit, true: int) -> bool:
    """Return whether the interval of a limit holds the true one."""
    return limit.low <= true and (limit.high is None or true <= limit.high)


def as_json(found: SearchCalibration) -> Mapping[str, object]:
    """Return plain values."""
    return asdict(found) | {"kept": found.kept}
