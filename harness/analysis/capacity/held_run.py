"""From the records of a run of held callers to a step of the search.

What counts is what came about from when all callers were calling and the warm-up had ended until no
new call was begun: turns, sessions that were set up, checks that were made. The validity of the run
decides whether the step says anything of the target at all.
"""

from dataclasses import dataclass

import numpy as np

from harness.analysis.capacity.demand import Demand, limited_latency
from harness.analysis.capacity.steady_state import Steadiness, steadiness, warm_up_end
from harness.analysis.capacity.step import ObjectiveShare, StepResult
from harness.analysis.cost import cost
from harness.analysis.metrics import BY_NAME, headline_of
from harness.analysis.objectives.evidence import Flags, Floats, RunEvidence
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
    """What a run says while all callers were held: what came about between two instants.

    Args:
        run: The records.
        prices: The price list.
        asked: What the step was asked to do.
        cut: Whether the warm-up is left out.

    Attributes:
        asked: What the step was asked to do.
        begin_s: From when on it counts, in seconds since the first call.
        steadiness: Whether the turns are steady from then on.

    Raises:
        BadInput: The run has no turn at all.
        RunInvalid: It may not be judged.
    """

    def __init__(
        self, run: Run, prices: PriceList, asked: HeldCallers, *, cut: bool = True
    ) -> None:
        super().__init__(run, prices)
        self.asked = asked
        self._first_ns = first_call_ns(run, asked)
        self.begin_s = asked.ramp_s
        latency, censored = self.columns.latencies(headline_of(run.turns))
        latency, at_s = np.where(censored, np.inf, latency), self.seconds(self.turns_ns)
        told = ~np.isnan(latency)
        if cut:
            during = told & self.counts(self.turns_ns)
            self.begin_s = warm_up_end(at_s[during], latency[during], asked.ramp_s)
        kept = told & self.counts(self.turns_ns)
        self.steadiness: Steadiness = steadiness(at_s[kept], latency[kept], self.begin_s)

    def seconds(self, at_ns: Floats) -> Floats:
        """Return instants of the run in seconds since the first call."""
        return (at_ns - self._first_ns) / NS_PER_S

    def counts(self, at_ns: Floats) -> Flags:
        """Return whether what came about at these instants counts."""
        at_s = self.seconds(at_ns)
        return (at_s >= self.begin_s) & (at_s <= self.asked.end_s)

    def share(self, demand: Demand) -> ObjectiveShare | None:
        """Return how an objective was missed; `None` where nothing tells.

        Where nothing tells since the target failed every turn, these turns have missed it: what
        never came was not in time, not whole and not what was expected.
        """
        where = demand.objective.where
        hits = self.hits(demand.quantity, where)
        missed = demand.missed(hits.flags)
        if not len(missed):
            hits = self.hits(FailureRate(), where)
            missed = hits.flags
            if not len(missed) or not missed.all():
                return None
        inner = np.linspace(self.begin_s, self.asked.end_s, _SPANS + 1)[1:-1]
        return ObjectiveShare(
            subject=str(demand.objective),
            allowed=demand.allowed,
            missed=missed,
            sessions=hits.sessions,
            blocks=np.searchsorted(inner, self.seconds(hits.at_ns), side="right"),
            value_ms=self._value_ms(demand, len(missed)),
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

    def unfit(why: str, *, untold: bool = False) -> StepResult:
        return StepResult(
            load=asked.load,
            run=run.manifest.run_id,
            seconds=seconds,
            cost=paid,
            unfit=why,
            untold=untold,
        )

    if not run.turns:
        return unfit("no turn was recorded")
    try:
        held = HeldEvidence(run, prices, asked)
    except RunInvalid as error:
        return unfit(error.what)
    failed = held.hits(FailureRate(), ()).flags
    if not len(failed):
        return unfit("no turn was measured while all callers were held")
    shares = [held.share(demand) for demand in demands]
    for demand, share in zip(demands, shares, strict=True):
        if share is None:
            why = f"nothing tells whether {demand.objective} is met while all callers are held"
            return unfit(f"{why}: hold them for longer than a call lasts", untold=True)
    metric = limited_latency(demands) or headline_of(run.turns)
    sample = held.sample(metric, ())
    length_s = max(asked.end_s - held.begin_s, 1e-9)
    return StepResult(
        load=asked.load,
        run=run.manifest.run_id,
        seconds=seconds,
        cost=paid,
        shares=tuple(share for share in shares if share is not None),
        warm_up_s=held.begin_s - asked.ramp_s,
        steadiness=held.steadiness,
        caveats=held.caveats,
        turns=len(failed),
        turns_per_s=float((~failed).sum()) / length_s,
        failed=float(failed.mean()),
        metric=metric.name,
        p50=estimate(sample, 0.50),
        p95=estimate(sample, 0.95),
    )


def first_call_ns(run: Run, asked: HeldCallers) -> float:
    """Return when the first call of a run began, in ns since run start.

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
