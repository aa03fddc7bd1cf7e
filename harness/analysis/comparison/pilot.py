"""What a pilot run tells of the runs that are planned."""

import math
from dataclasses import dataclass

import numpy as np

from harness.analysis.comparison.planning import Chance, Effort
from harness.analysis.comparison.resampling import percentile_draws, spread
from harness.analysis.cost import cost
from harness.analysis.intervals import normal_quantile
from harness.analysis.metrics import BY_NAME
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.measured import measure_percentile
from harness.analysis.objectives.quantities import Percentile
from harness.analysis.prices import PriceList
from harness.analysis.quantiles import Sample
from harness.analysis.summary import concurrency_peak
from harness.errors import BadInput
from harness.model import NS_PER_S

_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Pilot:
    """A pilot run, as far as plans need it.

    Attributes:
        chance: Within a run like it.
        effort: Of a session like its own.
        currency: Of the cost.
        why: Why the cost is not known, or what it lacks.
    """

    chance: Chance
    effort: Effort
    currency: str
    why: str


def pilot_of(evidence: RunEvidence, quantity: Percentile, prices: PriceList) -> Pilot:
    """Return what a pilot run tells.

    Args:
        evidence: Of the run.
        quantity: The percentile that is planned for.
        prices: The price list.

    Raises:
        BadInput: The run is too short to tell.
    """
    found = evidence.sample(BY_NAME[quantity.metric], ())
    try:
        chance = chance_of(found, quantity.percent / 100)
    except ValueError as error:
        raise BadInput(
            f"{quantity} {error}",
            where=evidence.run_id,
            hint="Give a longer pilot, or --spread and --icc",
        ) from error
    run = evidence.run
    lengths = [
        (s.closed_ns - s.open_start_ns) / NS_PER_S
        for s in run.sessions
        if s.closed_ns is not None and s.open_start_ns is not None
    ]
    if not lengths:
        raise BadInput("has no session that ended", where=evidence.run_id, hint="Give another one")
    paid = cost(run, prices)
    per_session = None if paid.total is None else paid.total / max(1, len(run.sessions))
    effort = Effort(
        session_s=float(np.mean(lengths)),
        at_once=concurrency_peak(run.sessions) or 1,
        cost=per_session,
    )
    return Pilot(chance, effort, paid.currency, paid.why or ("partial" if paid.partial else ""))


def chance_of(sample: Sample, p: float) -> Chance:
    """Return the chance within a run like the one that a sample is of.

    The larger of what the session bootstrap and the order statistics say: a bootstrap of a far tail
    repeats its few values, and a plan that asks for too few runs costs all of them.

    Args:
        sample: Latencies of a run.
        p: Which quantile, between 0 and 1.

    Raises:
        ValueError: The sample cannot tell, with the reason.
    """
    found = measure_percentile(sample, p, _CONFIDENCE)
    if found.value is None or found.n_eff is None or found.design_effect is None:
        raise ValueError(found.why)
    if found.value <= 0:
        raise ValueError("is not above 0")
    draws = percentile_draws(sample, [p], 1)[:, 0]
    se = spread(np.log(np.where(draws > 0, draws, np.inf)), found.sessions)
    if se is None:
        raise ValueError("lies too near to the callers' time limit")
    if found.low is not None and found.high is not None and found.low > 0:
        reach = math.log(found.high / found.low) / (2 * normal_quantile(_CONFIDENCE))
        se = max(se, reach)
    return Chance(
        p=p,
        se=se,
        sessions=found.sessions,
        turns_per_session=found.n / found.sessions,
        design_effect=found.design_effect,
    )
