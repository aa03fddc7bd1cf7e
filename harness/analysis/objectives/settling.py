"""What would settle an objective that a run leaves open: about how many more turns."""

import math

from harness.analysis.intervals import share_bounds
from harness.analysis.objectives.measured import Measured
from harness.analysis.objectives.quantities import CostPerMinute, Percentile, Quantity

_MANY_TURNS = 10_000_000
_NEVER = "no number of turns: the estimate is at the limit"


def settle(found: Measured, quantity: Quantity, limit: float, confidence: float) -> str:
    """Say what would settle an objective.

    Args:
        found: What was measured.
        quantity: What it is about.
        limit: The absolute limit.
        confidence: Of each bound.
    """
    if isinstance(quantity, CostPerMinute):
        return "a provider that reports usage for every response"
    if not found.n:
        return "a run in which it is measured"
    if found.needs is not None:
        return _turns(found, found.needs)
    if isinstance(quantity, Percentile):
        return _percentile(found, limit)
    if found.n_eff is None or found.value is None:
        return "a run with more sessions"
    return _share(found, found.value, limit, found.n / found.n_eff, confidence, quantity.at_least)


def _percentile(found: Measured, limit: float) -> str:
    """Scale the distance to the bound that is in the way with the square root of the turns."""
    if found.value is None:
        return "callers that wait longer than the limit of the objective"
    bound = found.high if found.value <= limit else found.low
    if bound is None:
        if found.value > limit:
            return f"more {found.of}: they do not bound it from below yet"
        return f"more {found.of}: the upper bound is still among those without a response"
    far, room = abs(bound - found.value), abs(limit - found.value)
    turns = math.inf if room <= 0 else found.n * (far / room) ** 2
    if turns > _MANY_TURNS:
        return _NEVER
    return f"{_turns(found, math.ceil(turns))}, if the percentile stays"


def _share(
    found: Measured,
    share: float,
    limit: float,
    design_effect: float,
    confidence: float,
    at_least: bool,
) -> str:
    # In both cases it is a bad share that must be shown to lie on one side of its limit.
    bad, most = (1 - share, 1 - limit) if at_least else (share, limit)
    independent = 1
    while independent <= _MANY_TURNS:
        low, high = share_bounds(bad, independent, confidence)
        if (bad <= most and high <= most) or low > most:
            turns = math.ceil(independent * design_effect)
            return f"{_turns(found, turns)}, if the rate stays"
        independent = max(independent + 1, math.ceil(independent * 1.02))
    return _NEVER


def _turns(found: Measured, count: int) -> str:
    """Return a number of turns in all, and of sessions of the size they had."""
    if not found.sessions or found.n <= found.sessions:
        return f"about {count} {found.of}"
    sessions = math.ceil(count * found.sessions / found.n)
    return f"about {count} {found.of} in {sessions} sessions"
