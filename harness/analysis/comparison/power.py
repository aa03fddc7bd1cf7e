"""How many runs a change needs to be found, and how small a change these runs could find."""

import math

from harness.analysis.comparison.effect import Design, Effect, quantile

POWER = 0.8
"""How often a true change of the size named would be found."""

MOST_RUNS = 200


def detectable(effect: Effect, tolerated: float, confidence: float) -> float | None:
    """Return the smallest true difference that such runs would fail in four of five cases.

    Args:
        effect: What was measured; only its precision matters.
        tolerated: The difference that is tolerated, on the effect's scale.
        confidence: Of the one-sided bound.
    """
    if effect.se is None:
        return None
    reach = quantile(confidence, effect.degrees) + quantile(POWER, effect.degrees)
    return tolerated + reach * effect.se


def power(difference: float, sd: float, runs: int, confidence: float, *, design: Design) -> float:
    """Return how often a true difference beyond the tolerance is shown to be beyond it.

    Args:
        difference: The true difference less the tolerated one.
        sd: Of a pair's difference, or of a run where they are not paired.
        runs: Pairs, or runs a side, at least 2.
        confidence: Of the one-sided bound.
        design: Paired or unpaired.
    """
    from scipy.special import nctdtr

    degrees = runs - 1 if design is Design.PAIRED else 2 * (runs - 1)
    se = sd * math.sqrt((1 if design is Design.PAIRED else 2) / runs)
    if se == 0:
        return 1.0 if difference > 0 else 0.0
    # Of Student's noncentral distribution: the bound clears the tolerance.
    return 1 - float(nctdtr(degrees, difference / se, quantile(confidence, degrees)))


def runs_to_detect(
    difference: float,
    sd: float,
    confidence: float,
    *,
    design: Design,
    wanted: float = POWER,
) -> int | None:
    """Return the fewest pairs, or runs a side, that find a true difference.

    Args:
        difference: The true difference less the tolerated one.
        sd: Of a pair's difference, or of a run where they are not paired.
        confidence: Of the one-sided bound.
        design: Paired or unpaired.
        wanted: How often it is to be found.

    Returns:
        At least 2; `None` where even `MOST_RUNS` would not do.
    """
    if difference <= 0:
        return None
    for runs in range(2, MOST_RUNS + 1):
        if power(difference, sd, runs, confidence, design=design) >= wanted:
            return runs
    return None


def runs_to_settle(effect: Effect, tolerated: float, confidence: float) -> int | None:
    """Return the fewest pairs, or runs a side, that would decide if the estimate stayed.

    Args:
        effect: What was measured.
        tolerated: The difference that is tolerated.
        confidence: Of the one-sided bound.

    Returns:
        More than there are; `None` where even `MOST_RUNS` would not do, or nothing is known.
    """
    room = abs(effect.estimate - tolerated)
    if effect.sd is None or room == 0:
        return None
    is_paired = effect.design is Design.PAIRED
    least = 2 if effect.design is Design.SINGLE else min(effect.runs, effect.baseline_runs) + 1
    for runs in range(least, MOST_RUNS + 1):
        degrees = runs - 1 if is_paired else 2 * (runs - 1)
        se = effect.sd * math.sqrt((1 if is_paired else 2) / runs)
        if quantile(confidence, degrees) * se <= room:
            return runs
    return None
