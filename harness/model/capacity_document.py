"""What a capacity search left behind, as `capacity.json` says it: what a report shows of it."""

from dataclasses import dataclass

CAPACITY_SCHEMA = "harness.capacity/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLimit:
    """The largest number of held calls that meets every objective.

    Attributes:
        calls: `None` where no load measured misses one.
        low: Lower end of its interval.
        high: Upper end; `None` where it is not known.
        missed_first: The objective that is missed first.
        most_held: The largest load measured that meets all.
    """

    calls: int | None
    low: int
    high: int | None
    missed_first: str | None
    most_held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBoundary:
    """How the limit is passed: `knee`, `cliff` or not known, and why."""

    kind: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCurve:
    """Share of turns that missed one objective, over loads.

    Attributes:
        objective: In words.
        calls: Loads, ascending.
        allowed: The share that may miss it.
        missed: The share that did, at each load.
        fitted: The fit, which never gets better with the load.
    """

    objective: str
    calls: tuple[float, ...]
    allowed: float
    missed: tuple[float, ...]
    fitted: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityDocument:
    """The part of `capacity.json` that reports of runs show."""

    schema: str
    search: dict[str, str]
    verdict: str
    sentence: str
    limit: FoundLimit | None
    boundary: FoundBoundary | None
    curves: tuple[FoundCurve, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityWorth:
    """What a limit is worth in calls, by Erlang B.

    Attributes:
        places: Calls that can be held: the lower end of the limit's interval.
        call_s: Mean length of a call.
        blocking: Share of calls that find no place.
        calls_per_hour: How many may arrive for that.
    """

    places: int
    call_s: float
    blocking: float
    calls_per_hour: float
