"""Erlang's loss formula (1917): how many calls an hour so many held calls serve.

Calls arrive at random and one that finds all places taken is lost (blocked); how long calls last
may have any distribution. With A = arrivals x mean length (in Erlang) and c places, a share
B = (A^c/c!) / sum of A^k/k!, k = 0 to c, is blocked. SciPy has it as a ratio of the Poisson
distribution's probability and its sum, which stays exact for a million places.
"""

import math

_PRECISION = 1e-9


def blocking(places: int, erlangs: float) -> float:
    """Return the share of calls that find all places taken.

    Args:
        places: Calls that can be held at once, at least 1.
        erlangs: Offered load: calls a second times their mean length in seconds.
    """
    from scipy.special import gammaln, pdtr

    if erlangs <= 0:
        return 0.0
    log_full = places * math.log(erlangs) - erlangs - float(gammaln(places + 1))
    below = float(pdtr(places, erlangs))
    if below > 1e-290:
        return math.exp(log_full) / below
    # Far beyond what the places hold: blocked is what they do not carry.
    return 1 - places / erlangs


def offered_load(places: int, share: float) -> float:
    """Return the load in Erlang at which so many places block this share of calls.

    Args:
        places: Calls that can be held at once, at least 1.
        share: Above 0 and below 1.
    """
    from scipy.optimize import brentq

    high = 2.0 * places / (1 - share) + 1
    found = brentq(lambda load: blocking(places, load) - share, 1e-12, high, xtol=_PRECISION)
    return float(found)


def places_needed(erlangs: float, share: float) -> int:
    """Return the fewest places that block at most this share of an offered load.

    Args:
        erlangs: Offered load; at least 0.
        share: Above 0 and below 1.
    """
    low, high = 0, max(1, math.ceil(erlangs))
    while blocking(high, erlangs) > share:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if blocking(middle, erlangs) <= share else (middle, high)
    return high if erlangs > 0 else 0


def calls_per_hour(places: int, mean_call_s: float, share: float) -> float:
    """Return how many calls an hour may arrive for so many places to block this share.

    Args:
        places: Calls that can be held at once, at least 1.
        mean_call_s: Mean length of a call.
        share: Above 0 and below 1.
    """
    return offered_load(places, share) * 3600 / mean_call_s
