"""What runs after a search say: of a spike over held callers, and of a long soak."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from harness.analysis.capacity.demand import Demand
from harness.analysis.capacity.drift import Drift, drift
from harness.analysis.capacity.held_run import HeldCallers, HeldEvidence, first_call_ns
from harness.analysis.capacity.spike import Spike, SpikeSeries, spike_of
from harness.analysis.cost import cost
from harness.analysis.metrics import headline_of
from harness.analysis.prices import PriceList
from harness.errors import BadInput, RunInvalid
from harness.model import Run


def spike_in(
    held: Run, surge: Run, prices: PriceList, demands: tuple[Demand, ...], asked: HeldCallers
) -> Spike:
    """Say what a surge of callers did to those that were held throughout.

    Args:
        held: The run of the callers held throughout.
        surge: The run of those that came on top; both on one monotonic clock.
        prices: The price list.
        demands: What the load is held to.
        asked: What the run of the held callers was asked to do.
    """
    peak = 2 * asked.load

    def unknown(why: str) -> Spike:
        return Spike(load=asked.load, peak=peak, seconds=0.0, watched_s=0.0, why=why)

    try:
        first_ns = first_call_ns(surge, asked)
    except RunInvalid as error:
        return unknown(f"of the callers on top, {error.what}")
    try:
        evidence = HeldEvidence(held, prices, asked, cut=False)
    except (BadInput, RunInvalid) as error:
        return unknown(error.what)
    closed = [s.closed_ns for s in surge.sessions if s.closed_ns is not None]
    if not closed:
        return unknown("when the callers on top had gone is not known")
    apart_ns = surge.manifest.origin_ns - held.manifest.origin_ns
    ends_ns = np.array([first_ns, max(closed)]) + apart_ns
    begin_s, end_s = map(float, evidence.seconds(ends_ns))
    if begin_s <= asked.ramp_s or end_s >= asked.end_s:
        return unknown("the spike was not inside the time of the held callers")
    series = [_series(evidence, demand) for demand in demands]
    return spike_of(
        series, load=asked.load, peak=peak, begin_s=begin_s, end_s=end_s, last_s=asked.end_s
    )


def drifts_in(run: Run, prices: PriceList, asked: HeldCallers) -> tuple[Drift, ...]:
    """Say how latency, failures and cost drift over a long run of held callers.

    Args:
        run: The records.
        prices: The price list.
        asked: What the run was asked to do.
    """
    named = (("latency", "ms"), ("failures", "percentage points"), ("cost", prices.currency))
    try:
        held = HeldEvidence(run, prices, asked)
    except (BadInput, RunInvalid) as error:
        return tuple(Drift(what=what, unit=unit, why=error.what) for what, unit in named)
    whole = headline_of(run.turns)
    latency, censored = held.columns.latencies(whole)
    inside, at_s = held.counts(held.turns_ns), held.seconds(held.turns_ns)
    heard = inside & ~np.isnan(latency) & ~censored
    counted = inside & ~held.columns.ours
    failed = np.where(held.columns.failed, 100.0, 0.0)
    sessions = held.columns.sessions
    return (
        drift(f"{whole.name} (mean)", "ms", at_s[heard], latency[heard], sessions[heard]),
        drift(
            "failures",
            "percentage points",
            at_s[counted],
            failed[counted],
            sessions[counted],
        ),
        _cost_drift(held, prices),
    )


def _series(held: HeldEvidence, demand: Demand) -> SpikeSeries:
    """Return how an objective was missed over time."""
    hits = held.hits(demand.quantity, demand.objective.where)
    return SpikeSeries(
        subject=str(demand.objective),
        allowed=demand.allowed,
        at_s=held.seconds(hits.at_ns),
        missed=demand.missed(hits.flags),
    )


def _cost_drift(held: HeldEvidence, prices: PriceList) -> Drift:
    """Return how the cost of a minute of a session changes with when the session began."""
    run, found = held.run, []
    ready_ns = np.array([session.ready_ns for session in run.sessions], dtype=np.float64)
    turns: dict[str, list[int]] = {}
    for index, turn in enumerate(run.turns):
        turns.setdefault(turn.session_id, []).append(index)
    for session, at_ns, counts in zip(run.sessions, ready_ns, held.counts(ready_ns), strict=True):
        own = tuple(run.turns[index] for index in turns.get(session.session_id, ()))
        if not counts or not own:
            continue
        priced = cost(replace(run, turns=own, sessions=(session,)), prices)
        if priced.per_minute is not None and not priced.partial:
            found.append((float(at_ns), float(priced.per_minute)))
    columns: NDArray[np.float64] = np.array(found, dtype=np.float64).reshape(-1, 2)
    numbers = np.arange(len(found))
    at_s = held.seconds(columns[:, 0])
    return drift("cost per minute", prices.currency, at_s, columns[:, 1], numbers)
