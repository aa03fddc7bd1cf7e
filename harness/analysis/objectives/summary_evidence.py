"""What a summary says about the quantity of an objective, where the records are not at hand.

Its intervals are two-sided at 95 %, so each end is a bound at 97.5 %: verdicts are as careful as
those from the records, or more so.
"""

from harness.analysis.objectives.evidence import per_minute, refuse_invalid, refuse_unknown
from harness.analysis.objectives.measured import Measured
from harness.analysis.objectives.objective import DIALECT, Objective
from harness.analysis.objectives.quantities import CostPerMinute, FailureRate, Percentile
from harness.analysis.summary import PERCENTILES
from harness.analysis.validity import Validity
from harness.errors import BadInput
from harness.model import Summary
from harness.model.summary import FailureSummary, MetricSummary, StratumSummary

_HINT = "Give the run's folder in place of its summary"
_CONFIDENCE = 0.975


class SummaryEvidence:
    """The evidence of a summary.

    Args:
        summary: Of the run.

    Raises:
        BadInput: The run has no turn at all.
        RunInvalid: It may not be judged.
    """

    def __init__(self, summary: Summary) -> None:
        self._summary = summary
        self.run_id = summary.run_id
        self.dialect = summary.provenance.dialect
        if not summary.load.turns:
            raise BadInput(
                "the run is empty: it has no turn",
                where=self.run_id,
                hint="Give the summary of a run in which callers spoke",
            )
        validity = Validity(summary.validity.state, summary.validity.reasons)
        refuse_invalid(self.run_id, validity)
        self.caveats = validity.reasons

    def measure(self, objective: Objective, confidence: float) -> Measured:
        """Measure what an objective is about, as far as the summary tells.

        Raises:
            BadInput: It does not tell, or has no such part.
        """
        if confidence > _CONFIDENCE:
            raise BadInput(
                f"a summary holds bounds at {_CONFIDENCE:.1%}, not {confidence:.1%}",
                where=self.run_id,
                hint=_HINT,
            )
        quantity, part = objective.quantity, self._part(objective)
        if isinstance(quantity, Percentile):
            if quantity.percent not in PERCENTILES:
                known = ", ".join(map(str, PERCENTILES))
                raise BadInput(
                    f"a summary holds the percentiles {known}", where=self.run_id, hint=_HINT
                )
            metric = part.metrics.get(quantity.metric)
            if metric is None or not metric.n:
                return Measured(value=None, why="no turns were measured")
            return _percentile(metric, int(quantity.percent))
        if isinstance(quantity, FailureRate) and quantity.party is None:
            return _rate(part.failure_rate)
        if isinstance(quantity, CostPerMinute) and part is self._summary:
            cost = self._summary.cost
            return per_minute(cost.per_minute, cost.turns, cost.basis, cost.partial, cost.why)
        raise BadInput(
            f"a summary does not tell: {objective.subject}", where=self.run_id, hint=_HINT
        )

    def _part(self, objective: Objective) -> Summary | StratumSummary:
        by = dict(objective.where)
        dialect = by.pop(DIALECT, None)
        if dialect is not None:
            refuse_unknown(self.run_id, DIALECT, dialect, [self.dialect])
        if not by:
            return self._summary
        found = next((s for s in self._summary.strata if s.by == by), None)
        if found is not None:
            return found
        for key, value in by.items():
            known = [s.by[key] for s in self._summary.strata if key in s.by]
            refuse_unknown(self.run_id, key, value, known)
        raise BadInput(
            f"a summary has no part of {' and '.join(by)} together", where=self.run_id, hint=_HINT
        )


def _percentile(metric: MetricSummary, percent: int) -> Measured:
    found = metric.percentile(percent)
    return Measured(
        value=found.value,
        low=found.low,
        high=found.high,
        n=metric.n,
        of=metric.of,
        sessions=metric.sessions,
        n_eff=found.n_eff,
        design_effect=metric.n / found.n_eff if found.n_eff else None,
        censored=metric.censored,
        needs=found.needs_turns,
        why=found.why,
    )


def _rate(found: FailureSummary) -> Measured:
    return Measured(
        value=found.value,
        low=found.low,
        high=found.high,
        n=found.n,
        n_eff=found.n_eff,
        design_effect=found.n / found.n_eff if found.n_eff else None,
        hits=found.failed,
        why=found.why,
    )
