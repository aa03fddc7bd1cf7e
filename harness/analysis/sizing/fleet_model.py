"""A fleet simulated in steps of time, up to a million calls at once.

Assumed: calls arrive at random at a constant rate; a call lasts an exponential time; an instance
holds so many calls within its objectives and turns away one more; it does not fail. An instance is
not simulated inside: what it does up to its limit was measured, beyond it nothing is assumed but
the turning away. A balancer sends a call to an instance at random, or to the least loaded of two
chosen at random (Mitzenmacher 2001), which is near to one that knows them all.

What callers meet follows from how many calls their instance holds: the share of turns that miss an
objective is read off the curve that a search fitted to its steps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from harness.analysis.sizing.erlang import blocking

Ints = NDArray[np.int64]

ASSUMED = (
    "arrivals at random at a constant rate; exponential call lengths; instances that hold their"
    " measured limit and turn away one call more, and never fail"
)
MOST_CALLS = 1_000_000
# Of a mean call: short enough that arrivals and departures of one step do not matter to each other.
_STEP_CALLS = 0.02
_WARM_CALLS, _LENGTH_CALLS = 5, 10


class Routing(StrEnum):
    """How calls are sent to instances."""

    RANDOM = "random"
    TWO_CHOICES = "two choices"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class FleetOutcome:
    """What a simulated fleet did.

    Attributes:
        routing: How calls were sent.
        calls: Calls held, on average over time.
        blocked: Share of calls that were turned away.
        pooled: The share were all places one pool: Erlang's formula, the least there can be.
        full: Share of instances that were full, on average over time.
        arrivals: Calls that arrived.
        at_load: Shape (per_instance + 1,): share of instances that held 0, 1, … calls.
    """

    routing: Routing
    calls: float
    blocked: float
    pooled: float
    full: float
    arrivals: int
    at_load: NDArray[np.float64]


def simulate_fleet(
    erlangs: float, instances: int, per_instance: int, routing: Routing, rng: np.random.Generator
) -> FleetOutcome:
    """Simulate a fleet for fifteen mean call lengths, of which ten count.

    Args:
        erlangs: Offered load, at most a million.
        instances: How many.
        per_instance: Calls that each holds.
        routing: How calls are sent to them.
        rng: Source of all chance.
    """
    if not 0 < erlangs <= MOST_CALLS or instances < 1 or per_instance < 1:
        raise ValueError("nothing to simulate")
    held = rng.binomial(per_instance, min(1.0, erlangs / (instances * per_instance)), instances)
    place = _PLACES[routing]
    leaves = 1 - np.exp(-_STEP_CALLS)
    warm, steps = round(_WARM_CALLS / _STEP_CALLS), round(_LENGTH_CALLS / _STEP_CALLS)
    arrived, lost, at_load = 0, 0, np.zeros(per_instance + 1)
    for number in range(warm + steps):
        held = held - rng.binomial(held, leaves)
        count = int(rng.poisson(erlangs * _STEP_CALLS))
        held = held + place(held, count, rng)
        beyond = int(np.maximum(held - per_instance, 0).sum())
        held = np.minimum(held, per_instance)
        if number >= warm:
            arrived, lost = arrived + count, lost + beyond
            at_load += np.bincount(held, minlength=per_instance + 1)
    at_load /= steps * instances
    return FleetOutcome(
        routing=routing,
        calls=float(instances * (at_load @ np.arange(per_instance + 1))),
        blocked=lost / arrived if arrived else 0.0,
        pooled=blocking(instances * per_instance, erlangs),
        full=float(at_load[-1]),
        arrivals=arrived,
        at_load=at_load,
    )


def missed_in_fleet(
    outcome: FleetOutcome, loads: Sequence[float], missed: Sequence[float]
) -> float:
    """Return the share of turns that miss an objective over a whole fleet.

    Every call speaks as often as any other, so an instance counts by the calls it holds.

    Args:
        outcome: The simulated fleet.
        loads: Calls held by one instance, ascending: the curve that was fitted.
        missed: Share of turns that miss the objective at each; between two, and below the first,
            the nearest ones decide.
    """
    held = np.arange(len(outcome.at_load))
    shares = np.interp(held, np.asarray(loads, dtype=np.float64), np.asarray(missed))
    weights = outcome.at_load * held
    return float(weights @ shares / weights.sum()) if weights.any() else 0.0


def _random(held: Ints, count: int, rng: np.random.Generator) -> Ints:
    """Return how many calls each instance gets, whatever it holds."""
    return np.bincount(rng.integers(0, len(held), count), minlength=len(held))


def _two_choices(held: Ints, count: int, rng: np.random.Generator) -> Ints:
    """Return how many calls each instance gets when each call looks at two."""
    first, second = rng.integers(0, len(held), (2, count))
    chosen = np.where(held[first] <= held[second], first, second)
    return np.bincount(chosen, minlength=len(held))


_PLACES: dict[Routing, Callable[[Ints, int, np.random.Generator], Ints]] = {
    Routing.RANDOM: _random,
    Routing.TWO_CHOICES: _two_choices,
}
