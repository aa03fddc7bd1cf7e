"""What a pilot run tells of the runs that are planned."""

import math
from dataclasses import dataclass

import numpy as np

from harness.analysis.comparison.planning import Chance, Effort
from harness.analysis.comparison.replicate import within_run
from harness.analysis.cost import cost
from harness.analysis.metrics import BY_NAME
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.measured import measure_percentile
from harness.analysis.objectives.objective import Objective, Scale
from harness.analysis.objectives.quantities import Percentile
from harness.analysis.prices import PriceList
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
    p = quantity.percent / 100
    measured = measure_percentile(found, p, _CONFIDENCE)
    objective = Objective(quantity=quantity)
    values = found.values_ms[np.isfinite(found.values_ms)]
    if not len(values) or float(np.quantile(found.values_ms, p, method="inverted_cdf")) <= 0:
        raise BadInput(f"{quantity} is not above 0", where=evidence.run_id, hint="Plan another one")
    se = within_run(evidence, objective, Scale.RATIO, 1)
    sessions = len(np.unique(found.sessions))
    if measured.value is None or se is None or measured.design_effect is None:
        raise BadInput(
            f"{quantity} {measured.why or 'lies too near to the time limit'}",
            where=evidence.run_id,
            hint="Give a longer pilot, or --spread and --icc",
        )
    # What the order statistics say, too, since a bootstrap of a far tail repeats its few values.
    if measured.low and measured.high:
        se = max(se, math.log(measured.high / measured.low) / (2 * 1.645))
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
    chance = Chance(
        p=p,
        se=se,
        sessions=sessions,
        turns_per_session=len(found.values_ms) / sessions,
        design_effect=measured.design_effect,
    )
    effort = Effort(
        session_s=float(np.mean(lengths)),
        at_once=concurrency_peak(run.sessions) or 1,
        cost=per_session,
    )
    return Pilot(chance, effort, paid.currency, paid.why or ("partial" if paid.partial else ""))
