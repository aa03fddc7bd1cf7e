"""What runs after a search say: of a spike over held callers, and of a long soak."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from harness.analysis.capacity.demand import HEADLINE, Demand
from harness.analysis.capacity.drift import Drift, drift
from harness.analysis.capacity.held_run import HeldCallers, HeldEvidence
from harness.analysis.capacity.spike import SPAN_S, Spike, SpikeSeries, spike_of
from harness.analysis.cost import cost
from harness.analysis.metrics import BY_NAME
from harness.analysis.prices import PriceList
from harness.errors import RunInvalid
from harness.model import NS_PER_S, Run


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
    opened = [s.open_start_ns for s in surge.sessions if s.open_start_ns is not None]
    closed = [s.closed_ns for s in surge.sessions if s.closed_ns is not None]
    peak = 2 * asked.load

    def unknown(why: str) -> Spike:
        return Spike(load=asked.load, peak=peak, seconds=0.0, watched_s=0.0, why=why)

    if not opened or not closed:
        return unknown("no caller of the spike opened a session")
    try:
        evidence = HeldEvidence(held, prices, asked)
    except RunInvalid as error:
        return unknown(error.what)
    first_ns = min(s.open_start_ns for s in held.sessions if s.open_start_ns is not None)
    apart_ns = surge.manifest.origin_ns - held.manifest.origin_ns - first_ns
    begin_s = (min(opened) + apart_ns) / NS_PER_S
    end_s = (max(closed) + apart_ns) / NS_PER_S
    if begin_s <= asked.ramp_s or end_s >= asked.end_s:
        return unknown("the spike was not inside the time of the held callers")
    evidence.inside = (evidence.at_s >= asked.ramp_s) & (evidence.at_s <= asked.end_s)
    series = [_series(evidence, demand, asked) for demand in demands if not demand.of_sessions]
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
    except RunInvalid as error:
        return tuple(Drift(what=what, unit=unit, why=error.what) for what, unit in named)
    latency, censored = held.columns.latencies(BY_NAME[HEADLINE])
    heard = held.inside & ~np.isnan(latency) & ~censored
    counted = held.inside & ~held.columns.ours
    failed = np.where(held.columns.failed, 100.0, 0.0)
    sessions = held.columns.sessions
    return (
        drift(f"{HEADLINE} (mean)", "ms", held.at_s[heard], latency[heard], sessions[heard]),
        drift(
            "failures",
            "percentage points",
            held.at_s[counted],
            failed[counted],
            sessions[counted],
        ),
        _cost_drift(run, prices),
    )


def _series(held: HeldEvidence, demand: Demand, asked: HeldCallers) -> SpikeSeries:
    """Return how an objective was missed over time, span by span, which is all `hits` tells."""
    whole, times, flags = held.inside, [], []
    for start in np.arange(0.0, asked.end_s, SPAN_S / 5):
        held.inside = whole & (held.at_s >= start) & (held.at_s < start + SPAN_S / 5)
        hits, _, _ = held.hits(demand.quantity, demand.objective.where)
        flags.append(~hits if demand.quantity.at_least else hits)
        times.append(np.full(len(hits), start))
    held.inside = whole
    return SpikeSeries(
        subject=str(demand.objective),
        allowed=demand.allowed,
        at_s=np.concatenate(times),
        missed=np.concatenate(flags),
    )


def _cost_drift(run: Run, prices: PriceList) -> Drift:
    """Return how the cost of a minute of a session changes with when the session began."""
    found: list[tuple[float, float]] = []
    turns: dict[str, list[int]] = {}
    for index, turn in enumerate(run.turns):
        turns.setdefault(turn.session_id, []).append(index)
    for session in run.sessions:
        own = tuple(run.turns[index] for index in turns.get(session.session_id, ()))
        if session.ready_ns is None or not own:
            continue
        priced = cost(replace(run, turns=own, sessions=(session,)), prices)
        if priced.per_minute is not None and not priced.partial:
            found.append((session.ready_ns / NS_PER_S, float(priced.per_minute)))
    columns: NDArray[np.float64] = np.array(found, dtype=np.float64).reshape(-1, 2)
    numbers = np.arange(len(found))
    return drift("cost per minute", prices.currency, columns[:, 0], columns[:, 1], numbers)
