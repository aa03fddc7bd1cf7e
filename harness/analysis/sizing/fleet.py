"""How many instances a load takes, with one to lose, and how many workers a test of it."""

import math
from dataclasses import dataclass

from harness.analysis.sizing.erlang import blocking, places_needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Instances for an offered load.

    Attributes:
        erlangs: The load: mean number of calls if none were lost.
        calls: Calls to hold at once so that no more than the share asked for is lost.
        instances: For these, with the spare ones.
        spare: How many may be lost before more than that is.
        blocked: Share of calls lost with all instances.
        blocked_after_loss: The same with the spare ones gone.
        used: Share of all places that is taken on average.
    """

    erlangs: float
    calls: int
    instances: int
    spare: int
    blocked: float
    blocked_after_loss: float
    used: float


def fleet_for(erlangs: float, per_instance: int, share: float, spare: int = 1) -> Fleet:
    """Return the instances that a load takes.

    Every call may go to every instance, as behind a balancer that knows which have room.

    Args:
        erlangs: Offered load.
        per_instance: Calls that one instance holds within its objectives.
        share: Share of calls that may be lost.
        spare: Instances that may be lost.
    """
    calls = places_needed(erlangs, share)
    needed = math.ceil(calls / per_instance)
    instances = needed + spare if needed else 0
    places = instances * per_instance
    blocked = blocking(places, erlangs) if places else 0.0
    return Fleet(
        erlangs=erlangs,
        calls=calls,
        instances=instances,
        spare=spare if needed else 0,
        blocked=blocked,
        blocked_after_loss=blocking(needed * per_instance, erlangs) if needed else 0.0,
        used=erlangs * (1 - blocked) / places if places else 0.0,
    )


def workers_for(callers: int, per_core: int, safe_share: float) -> int:
    """Return how many processes, each on a core of its own, hold so many callers.

    Args:
        callers: To hold at once.
        per_core: What one held in the self check.
        safe_share: How much of that a run should use.
    """
    return math.ceil(callers / max(1, math.floor(per_core * safe_share)))
