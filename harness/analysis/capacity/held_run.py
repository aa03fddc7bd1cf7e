"""From the records of a run of held callers to a step of the search.

Turns count from when all callers were calling and the warm-up had ended until no new call was
begun. The validity of the run decides whether the step says anything of the target at all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.analysis.capacity.demand import HEADLINE, Demand, headline
from harness.analysis.capacity.steady_state import warm_up_end, why_unsteady
from harness.analysis.capacity.step import ObjectiveShare, StepResult
from harness.analysis.cost import cost
from harness.analysis.metrics import BY_NAME
from harness.analysis.objectives.evidence import Flags, RunEvidence, Where
from harness.analysis.objectives.quantities import FailureRate
from harness.analysis.prices import PriceList
from harness.analysis.quantiles import estimate
from harness.errors import RunInvalid
from harness.model import NS_PER_S, Run

# Spans of time that a step is divided into, to see whether they differ more than sessions do.
_SPANS = 6
# A caller that was due so long ago and has not called is one that the generator did not start.
_LATE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCallers:
    """What a step was asked to do.

    Attributes:
        load: Callers to hold.
        ramp_s: How long it takes to start them.
        hold_s: How long they are held after that.
    """

    load: int
    ramp_s: float
    hold_s: float

    @property
    def end_s(self) -> float:
        """When no new call is begun any more, in seconds since the first."""
        return self.ramp_s + self.hold_s


class HeldEvidence(RunEvidence):
    """What a run says while all callers were held: its turns between two instants.

    Args:
        run: The records.
        prices: The price list.
        asked: What the step was asked to do.

    Attributes:
        begin_s: From when on turns count, in seconds since the first call.
        inside: Shape (n,): which turns count.
        unsteady: Why they are not steady, empty where nothing speaks against it.

    Raises:
        BadInput: The run has no turn at all.
        RunInvalid: It may not be judged.
    """

    def __init__(self, run: Run, prices: PriceList, asked: HeldCallers) -> None:
        super().__init__(run, prices)
        self.asked = asked
        first_ns = _first_call_ns(run, asked)
        spoken = self.columns.instant("speech_end_ns")
        planned = self.columns.instant("scheduled_start_ns")
        opened = _opened_ns(run)
        for other in (planned, opened):
            spoken = np.where(np.isnan(spoken), other, spoken)
        self.at_s = (spoken - first_ns) / NS_PER_S
        latency, censored = self.columns.latencies(BY_NAME[HEADLINE])
        latency = np.where(censored, np.inf, latency)
        during = (self.at_s >= asked.ramp_s) & (self.at_s <= asked.end_s)
        told = during & ~np.isnan(latency)
        self.begin_s = warm_up_end(self.at_s[told], latency[told], asked.ramp_s)
        self.inside: Flags = during & (self.at_s >= self.begin_s)
        kept = told & self.inside
        self.unsteady = why_unsteady(self.at_s[kept], latency[kept], self.begin_s)

    def chosen(self, where: Where) -> Flags:
        """Return which turns belong to a part, of those that count."""
        return super().chosen(where) & self.inside

    def share(self, demand: Demand) -> ObjectiveShare | None:
        """Return how an objective was missed; `None` where nothing tells."""
        whole, spans = self.inside, 1 if demand.of_sessions else _SPANS
        inner = np.linspace(self.begin_s, self.asked.end_s, spans + 1)[1:-1]
        numbers = np.searchsorted(inner, self.at_s, side="right")
        found = []
        for span in range(spans):
            self.inside = whole & (numbers == span)
            hits, sessions, _ = self.hits(demand.quantity, demand.objective.where)
            missed = ~hits if demand.quantity.at_least else hits
            found.append((missed, sessions, np.full(len(hits), span)))
        self.inside = whole
        flags, sessions, blocks = (np.concatenate(column) for column in zip(*found, strict=True))
        if not len(flags):
            return None
        return ObjectiveShare(
            subject=str(demand.objective),
            allowed=demand.allowed,
            missed=flags,
            sessions=sessions,
            blocks=blocks,
            value_ms=self._value_ms(demand, len(flags)),
        )

    def _value_ms(self, demand: Demand, n: int) -> float | None:
        """Return the latency at an objective's percentile, failures counting as the longest."""
        if demand.metric is None:
            return None
        values = self.sample(BY_NAME[demand.metric], demand.objective.where).values_ms
        padded = np.sort(np.concatenate([values, np.full(max(0, n - len(values)), np.inf)]))
        rank = int(np.ceil(round(len(padded) * (1 - demand.allowed), 9)))
        return float(min(padded[max(rank, 1) - 1], self.run.manifest.turn_limit_ms))


def step_of(
    run: Run,
    prices: PriceList,
    demands: tuple[Demand, ...],
    asked: HeldCallers,
    seconds: float,
) -> StepResult:
    """Return what a run of held callers comes to.

    Args:
        run: The records.
        prices: The price list.
        demands: What the load is held to.
        asked: What the step was asked to do.
        seconds: How long the whole run took.

    Raises:
        BadInput: An objective is about a part that the run does not have.
    """
    spent = cost(run, prices).total
    paid = None if spent is None else float(spent)

    def unfit(why: str) -> StepResult:
        return StepResult(
            load=asked.load, run=run.manifest.run_id, seconds=seconds, cost=paid, unfit=why
        )

    if not run.turns:
        return unfit("no turn was recorded")
    try:
        held = HeldEvidence(run, prices, asked)
    except RunInvalid as error:
        return unfit(error.what)
    shares = [held.share(demand) for demand in demands]
    for demand, share in zip(demands, shares, strict=True):
        if share is None:
            return unfit(f"no turn tells whether it met {demand.objective}")
    metric = BY_NAME[headline(demands)]
    sample = held.sample(metric, ())
    failed, _, _ = held.hits(FailureRate(), ())
    length_s = max(asked.end_s - held.begin_s, 1e-9)
    return StepResult(
        load=asked.load,
        run=run.manifest.run_id,
        seconds=seconds,
        cost=paid,
        shares=tuple(share for share in shares if share is not None),
        warm_up_s=held.begin_s - asked.ramp_s,
        unsteady=held.unsteady,
        caveats=held.caveats,
        turns=len(failed),
        turns_per_s=float((~failed).sum()) / length_s,
        failed=float(failed.mean()) if len(failed) else None,
        metric=metric.name,
        p50=estimate(sample, 0.50),
        p95=estimate(sample, 0.95),
    )


def _opened_ns(run: Run) -> NDArray[np.float64]:
    """Return when the session of each turn was opened: also turns that never began have a time."""
    known = {session.session_id: session.open_start_ns for session in run.sessions}
    return np.array([known.get(turn.session_id) for turn in run.turns], dtype=np.float64)


def _first_call_ns(run: Run, asked: HeldCallers) -> float:
    """Return when the first call began.

    Raises:
        RunInvalid: Callers were missing after the ramp.
    """
    opened = np.array([s.open_start_ns for s in run.sessions if s.open_start_ns is not None])
    if not len(opened):
        raise RunInvalid("no session was opened", where=run.manifest.run_id)
    first_ns = float(opened.min())
    begun = int(((opened - first_ns) / NS_PER_S <= asked.ramp_s + _LATE_S).sum())
    if begun < asked.load:
        raise RunInvalid(
            f"only {begun} of {asked.load} callers had called {_LATE_S:g} s after the last was due",
            where=run.manifest.run_id,
        )
    return first_ns
