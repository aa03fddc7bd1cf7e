"""How many callers a run has, and for how long, where nobody said so.

Only Locust knows what a scenario defines, so `harness run` leaves this to the process it starts.
"""

from typing import Any

from harness.load.arrival_schedule import has_end
from harness.load.scenario import scenario_arrivals

# What `harness run` starts when it is given a scenario and nothing else.
_CALLERS, _CALLERS_PER_S, _RUN_S = 20, 5.0, 60
# Locust warns of a rate above 100 callers a second.
_FASTEST_PER_S = 100


def complete(parsed: Any, shape: object, users: list[type]) -> None:
    """Put into `parsed` what its person left open, before Locust starts callers.

    A shape says itself how many callers there are and for how long. Under an open load callers
    only wait for calls, and start together.

    Args:
        parsed: What Locust's parser found.
        shape: The scenario's load shape, `None` for none.
        users: The scenario's user classes.
    """
    # Locust itself has one caller and one a second by default, which no shape was asked for.
    parsed.peak, parsed.rate_asked = parsed.num_users, parsed.spawn_rate
    arrivals = parsed.arrivals or scenario_arrivals(users)
    if parsed.live_line and shape is None:
        parsed.num_users = parsed.num_users or _CALLERS
        parsed.spawn_rate = parsed.spawn_rate or _CALLERS_PER_S
        if not (parsed.calls or parsed.run_time or has_end(arrivals)):
            parsed.run_time = _RUN_S
    if arrivals and parsed.num_users:
        parsed.spawn_rate = max(parsed.spawn_rate or 0, min(parsed.num_users, _FASTEST_PER_S))
