"""What a load is held to: an objective as a share of turns that may miss it."""

from dataclasses import dataclass

from harness.analysis.metrics import BY_NAME, Metric
from harness.analysis.objectives.evidence import Flags
from harness.analysis.objectives.objective import Objective
from harness.analysis.objectives.parsing import Objectives
from harness.analysis.objectives.quantities import (
    Attainment,
    Continuity,
    CostPerMinute,
    FailedChecks,
    FailureRate,
    Percentile,
)
from harness.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One objective, as a share.

    Attributes:
        objective: As it was asked for.
        quantity: The share that decides: "P95 at most X" is "at least 95 % within X".
        allowed: Share of turns that may miss it.
    """

    objective: Objective
    quantity: Attainment | FailureRate | Continuity | FailedChecks
    allowed: float

    @property
    def metric(self) -> str | None:
        """Name of the latency that it limits, if it limits one."""
        return self.quantity.metric if isinstance(self.quantity, Attainment) else None

    def missed(self, hits: Flags) -> Flags:
        """Return what missed it, of what has the property that `quantity` is a share of."""
        return ~hits if self.quantity.at_least else hits


def demands_of(asked: Objectives, where: str) -> tuple[tuple[Demand, ...], tuple[str, ...]]:
    """Return what a load can be held to, and notes on the objectives left out.

    Args:
        asked: All objectives of a file.
        where: What an error calls the file.

    Raises:
        BadInput: None of them limits a share of turns.
    """
    demands, notes = [], []
    for objective in asked.objectives:
        if objective.limit is None:
            notes.append(f"{objective.subject} has a tolerance only; no load can be held to it")
        elif isinstance(objective.quantity, CostPerMinute):
            notes.append(f"{objective.subject} is not searched for: harness gate judges it")
        else:
            demands.append(_demand(objective, objective.limit))
    if not demands:
        raise BadInput(
            "has no objective that a load can be held to",
            where=where,
            hint="Give one with limit_ms, within_ms, failure_rate or continuity",
        )
    return tuple(demands), tuple(notes)


def limited_latency(demands: tuple[Demand, ...]) -> Metric | None:
    """Return the first latency of turns that is limited, `None` where none is."""
    limited = (BY_NAME[demand.metric] for demand in demands if demand.metric is not None)
    return next((metric for metric in limited if not metric.of_session), None)


def _demand(objective: Objective, limit: float) -> Demand:
    quantity = objective.quantity
    if isinstance(quantity, Percentile):
        within = Attainment(quantity.metric, limit)
        return Demand(objective=objective, quantity=within, allowed=1 - quantity.percent / 100)
    assert not isinstance(quantity, CostPerMinute)
    allowed = limit if isinstance(quantity, FailureRate | FailedChecks) else 1 - limit
    return Demand(objective=objective, quantity=quantity, allowed=allowed)
