"""What a wanted answer takes, before any money is spent: turns, sessions, runs, time and cost.

From a pilot run, chance within a run is what its session bootstrap shows. Without one it is that of
log-normal turns with a spread and a likeness that are assumed. Either way it falls with the square
root of the sessions; how runs differ from each other does not.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from harness.analysis.comparison.effect import Design
from harness.analysis.comparison.power import runs_to_detect
from harness.analysis.intervals import normal_quantile
from harness.analysis.objectives.measured import fewest

SESSION_COUNTS = (10, 20, 50, 100, 200, 500, 1_000)
"""Sessions a run that plans weigh against each other."""

# More than the four of five cases that are promised: what a pilot shows of chance is itself chance.
_PLANNED_POWER = 0.85

RUN_OVERHEAD_S = 15.0
"""Of a run beside its calls: start, checks, report; more where networks are measured first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """Chance within a run, for one percentile.

    Attributes:
        p: Which quantile, between 0 and 1.
        se: Standard error of its logarithm.
        sessions: In a run of so many sessions.
        turns_per_session: Of so many turns each.
        design_effect: What the likeness of a session's turns costs.
    """

    p: float
    se: float
    sessions: int
    turns_per_session: float
    design_effect: float

    def at(self, sessions: int) -> float:
        """Return the standard error with another number of sessions."""
        return self.se * math.sqrt(self.sessions / sessions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What a session takes.

    Attributes:
        session_s: How long it lasts.
        at_once: How many are held at once.
        cost: Of one session, in the currency of the price list; `None` when not known.
    """

    session_s: float
    at_once: int
    cost: float | None = None

    def run_s(self, sessions: int) -> float:
        """Return how long a run of so many sessions lasts, with what comes before and after it."""
        return math.ceil(sessions / self.at_once) * self.session_s + RUN_OVERHEAD_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One way to the answer.

    Attributes:
        sessions: Sessions a run.
        runs: Runs a side, or pairs; 1 for a precision within one run.
        turns: Turns in all, of both sides.
        seconds: How long all runs take, one after the other.
        cost: Of all of them; `None` when not known.
    """

    sessions: int
    runs: int
    turns: int
    seconds: float
    cost: float | None


def assumed_chance(
    p: float, *, spread: float, icc: float, turns_per_session: int, sessions: int
) -> Chance:
    """Return the chance within a run of log-normal turns.

    Args:
        p: Which quantile, between 0 and 1.
        spread: Standard deviation of the logarithm of a turn's latency.
        icc: Intra-class correlation of these logarithms within a session.
        turns_per_session: How many.
        sessions: How many.
    """
    z = normal_quantile(p)
    density = math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    effect = 1 + (turns_per_session - 1) * tail_icc(p, icc)
    turns = sessions * turns_per_session
    se = math.sqrt(p * (1 - p) * effect / turns) * spread / density
    return Chance(
        p=p,
        se=se,
        sessions=sessions,
        turns_per_session=turns_per_session,
        design_effect=effect,
    )


def tail_icc(p: float, icc: float) -> float:
    """Return how alike a session's turns are in whether they lie below the p-quantile.

    Less than their latencies are, and the less the farther in the tail: that of two normal
    variables, whose joint distribution is Owen's T (1956).

    Args:
        p: Between 0 and 1, exclusive.
        icc: Of the latencies' logarithms, 0 to 1.
    """
    from scipy.special import ndtr, owens_t

    z = normal_quantile(p)
    both = float(ndtr(z)) - 2 * float(owens_t(z, math.sqrt((1 - icc) / (1 + icc))))
    return max(0.0, (both - p**2) / (p * (1 - p)))


def for_precision(chance: Chance, half_width: float, effort: Effort, confidence: float) -> Step:
    """Return the one run whose two-sided interval is as narrow as wanted.

    Args:
        chance: Within a run.
        half_width: Wanted, as a share of the percentile.
        effort: What a session takes.
        confidence: Of the interval.
    """
    z = normal_quantile((1 + confidence) / 2)
    wanted = math.log1p(half_width) / z
    sessions = math.ceil(chance.sessions * (chance.se / wanted) ** 2)
    # An interval needs values beyond the percentile, whatever their spread.
    turns = fewest(chance.p, confidence) * chance.design_effect
    least = math.ceil(turns / chance.turns_per_session)
    return _step(max(sessions, least, 2), 1, 1, chance, effort)


def for_detection(
    chance: Chance,
    change: float,
    tolerance: float,
    run_sd: float,
    effort: Effort,
    confidence: float,
    *,
    design: Design,
    sessions: Iterable[int] = SESSION_COUNTS,
) -> tuple[Step, ...]:
    """Return the ways to find a change in four of five cases, the quickest first.

    Args:
        chance: Within a run.
        change: The true change that is to be found, as a share.
        tolerance: How much of it is tolerated.
        run_sd: How runs of an unchanged target differ beyond chance within them; of pairs, how
            the two of a pair do.
        effort: What a session takes.
        confidence: Of the one-sided bound.
        design: Paired or unpaired.
        sessions: Sessions a run to weigh against each other.
    """
    beyond = math.log1p(change) - math.log1p(tolerance)
    found = []
    for count in sessions:
        if count * chance.turns_per_session < fewest(chance.p, confidence):
            continue
        within = chance.at(count)
        factor = 2 if design is Design.PAIRED else 1
        sd = math.sqrt(factor * within**2 + run_sd**2)
        runs = runs_to_detect(beyond, sd, confidence, design=design, wanted=_PLANNED_POWER)
        if runs is not None:
            found.append(_step(count, runs, 2, chance, effort))
    return tuple(sorted(found, key=lambda step: (step.seconds, step.turns)))


def _step(sessions: int, runs: int, sides: int, chance: Chance, effort: Effort) -> Step:
    in_all = sessions * runs * sides
    return Step(
        sessions=sessions,
        runs=runs,
        turns=math.ceil(in_all * chance.turns_per_session),
        seconds=effort.run_s(sessions) * runs * sides,
        cost=None if effort.cost is None else effort.cost * in_all,
    )
