"""The summary of a run: the stable interface that reports, gates and other machines read.

Its fields, and what each means, are the types of `harness.model.summary`; a field whose type has a
default may be absent.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from harness.analysis import networks
from harness.analysis.accuracy import accuracy
from harness.analysis.behaviour import behaviour_summary
from harness.analysis.completeness import completeness
from harness.analysis.cost import PriceList, cost, models_named, total_usage
from harness.analysis.failures import failure_rate
from harness.analysis.metrics import METRICS, Metric, is_measured, sample
from harness.analysis.paired_difference import conditions, paired_summary
from harness.analysis.quantiles import Estimate, Sample, estimate
from harness.analysis.validity import impairs, judge_validity
from harness.model import (
    NS_PER_S,
    SUMMARY_SCHEMA,
    DurationSummary,
    NetworkProfile,
    ProxyOverhead,
    Run,
    RunManifest,
    SessionRecord,
    TruthRecord,
    TurnKind,
    TurnRecord,
    UpdateStats,
)
from harness.model.summary import ProvenanceSummary

PERCENTILES = (50, 90, 95, 99)

_IDEAL_NOTE = "the network adds nothing: this is the error of the measurement and of the machine"
_NETWORK_NOTE = "the network's own delay is in it: not an error of the measurement"


def summarise(run: Run, prices: PriceList, truth: Iterable[TruthRecord] = ()) -> dict[str, Any]:
    """Summarise a run.

    Args:
        run: The records.
        prices: The price list to use.
        truth: The simulator's truth log, where there is one.

    Returns:
        The summary of the schema above: text, numbers, lists and mappings only.
    """
    validity = judge_validity(run)
    summary: dict[str, Any] = {
        "schema": SUMMARY_SCHEMA,
        "run_id": run.manifest.run_id,
        "validity": {"state": str(validity.state), "reasons": list(validity.reasons)},
        "load": _load(run),
        "metrics": _metrics(run.turns, run.sessions),
        "strata": _strata(run),
        "failure_rate": _failure_rate(run.turns),
        "send_lateness": _spread(run.send_lateness, "no frame lateness was recorded"),
        "loop_lag": _spread(run.loop_lag, "no event loop lag was recorded"),
        "gc_pause": _spread(run.gc_pause, "no garbage was collected"),
        "cost": _cost(run, prices),
        "network": _networks(run),
        "network_changes": _rounded_all(networks.changes(run.events)),
        "proxy_cost": _rounded_all(networks.proxy_cost(run.events)),
        "corpus": asdict(run.manifest.corpus),
        "events": [
            {"kind": str(e.kind), "at_s": _rounded(e.at_ns / NS_PER_S), "detail": e.detail}
            for e in run.events
        ],
        "provenance": _provenance(run.manifest),
    }
    if paired := paired_summary(run.turns):
        summary["paired"] = paired
    if behaviour := behaviour_summary(run.turns):
        summary["behaviour"] = behaviour
    if known := tuple(truth):
        summary["accuracy"] = _accuracy(run, known)
    plain: dict[str, Any] = _plain(summary)
    return plain


def _plain(value: Any) -> Any:
    """Return the same with lists in place of tuples, as JSON would have it."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _load(run: Run) -> dict[str, Any]:
    opened = [s.open_start_ns for s in run.sessions if s.open_start_ns is not None]
    closed = [s.closed_ns for s in run.sessions if s.closed_ns is not None]
    plan = completeness(run)
    return {
        "sessions": len(run.sessions),
        "turns": len(run.turns),
        "turns_measured": sum(is_measured(turn) for turn in run.turns),
        "turns_planned": plan.turns_planned,
        "turns_unrecorded": plan.turns_missing + plan.turns_cut,
        "calls_planned": plan.calls_planned,
        "calls_held": plan.calls_held,
        "workers_lost": plan.workers_lost,
        "duration_s": _rounded((max(closed) - min(opened)) / NS_PER_S)
        if opened and closed
        else None,
        "concurrency_peak": concurrency_peak(run.sessions),
        "reconnects": sum(session.reconnects for session in run.sessions),
        "outage_s": _rounded(sum(session.outage_ns for session in run.sessions) / NS_PER_S),
        "status": _statuses(run.turns),
    }


def concurrency_peak(sessions: Iterable[SessionRecord]) -> int | None:
    """Return how many sessions were open at once at most; `None` when none was opened."""
    steps = []
    for session in sessions:
        if session.open_start_ns is not None:
            steps.append((session.open_start_ns, 1))
            if session.closed_ns is not None:
                steps.append((session.closed_ns, -1))
    if not steps:
        return None
    # Sorted by time, then -1 before 1: a session that ends as another begins is not beside it.
    return int(np.cumsum([step for _, step in sorted(steps)]).max())


def _strata(run: Run) -> list[dict[str, Any]]:
    asked = [profile.name for profile in run.manifest.networks]
    names = list(dict.fromkeys([*asked, *sorted({turn.network for turn in run.turns})]))
    strata = []
    for name in names:
        turns = [turn for turn in run.turns if turn.network == name]
        sessions = [session for session in run.sessions if session.network == name]
        strata.append(_stratum({"network": name}, turns, sessions))
    for kind in TurnKind:
        turns = [turn for turn in run.turns if turn.kind is kind]
        if turns:
            strata.append(_stratum({"kind": str(kind)}, turns, None))
    for condition in conditions(run.turns):
        turns = [turn for turn in run.turns if turn.condition == condition]
        strata.append(_stratum({"condition": condition}, turns, None))
    return strata


def _stratum(
    by: dict[str, str], turns: Sequence[TurnRecord], sessions: Sequence[SessionRecord] | None
) -> dict[str, Any]:
    return {
        "by": by,
        "turns": len(turns),
        "status": _statuses(turns),
        "metrics": _metrics(turns, sessions),
        "failure_rate": _failure_rate(turns),
    }


def _statuses(turns: Iterable[TurnRecord]) -> dict[str, int]:
    return dict(sorted(Counter(str(turn.status) for turn in turns).items()))


def _metrics(
    turns: Sequence[TurnRecord], sessions: Sequence[SessionRecord] | None
) -> dict[str, Any]:
    """Return every metric; those of sessions only where sessions are given."""
    found = {}
    for metric in METRICS:
        if metric.of_session and sessions is None:
            continue
        values = sample(metric, turns, sessions or ())
        if len(values.values_ms) or not metric.occasional:
            found[metric.name] = _metric(metric, values)
    return found


def _metric(metric: Metric, values: Sample) -> dict[str, Any]:
    censored = int(np.isposinf(values.values_ms).sum())
    largest = None if censored or not len(values.values_ms) else float(values.values_ms.max())
    return {
        "unit": "ms",
        "title": metric.title,
        "definition": metric.definition,
        "of": values.of,
        "n": len(values.values_ms),
        "sessions": len(np.unique(values.sessions)),
        "censored": censored,
        "max": _rounded(largest),
        **{f"p{percent}": _percentile(estimate(values, percent / 100)) for percent in PERCENTILES},
    }


def _percentile(found: Estimate) -> dict[str, Any]:
    told: dict[str, Any] = {
        "value": _rounded(found.value_ms),
        "low": _rounded(found.low_ms),
        "high": _rounded(found.high_ms),
        "n_eff": _rounded(found.n_eff, 1),
    }
    if found.why:
        told["why"] = found.why
    if found.needs_turns is not None:
        told["needs_turns"] = found.needs_turns
    return told


def _failure_rate(turns: Iterable[TurnRecord]) -> dict[str, Any]:
    found = failure_rate(turns)
    told: dict[str, Any] = {
        "value": _rounded(found.value, 6),
        "low": _rounded(found.low, 6),
        "high": _rounded(found.high, 6),
        "failed": found.failed,
        "n": found.n,
        "n_eff": _rounded(found.n_eff, 1),
    }
    return told | ({"why": found.why} if found.why else {})


def _spread(spread: DurationSummary | None, why: str) -> dict[str, Any]:
    if spread is None:
        empty = dict.fromkeys(("p50_ms", "p99_ms", "p999_ms", "max_ms"))
        return {"n": 0, **empty, "why": why}
    return {name: _rounded(value) for name, value in asdict(spread).items()}


def _cost(run: Run, prices: PriceList) -> dict[str, Any]:
    found = cost(run, prices)
    usage = total_usage(run.turns)
    told: dict[str, Any] = {
        "currency": found.currency,
        "basis": found.basis,
        "total": _rounded(found.total, 6),
        "per_minute": _rounded(found.per_minute, 6),
        "per_turn": _rounded(found.per_turn, 6),
        "minutes": _rounded(found.minutes),
        "turns": found.turns,
        "tokens": None if usage is None else asdict(usage),
        "partial": found.partial,
        "model": found.model,
        "model_asked": run.manifest.model,
        "models_named": list(models_named(run)),
        "prices": {"date": prices.date, "source": prices.source},
        "note": found.note,
    }
    return told | ({"why": found.why} if found.why else {})


def _networks(run: Run) -> list[dict[str, Any]]:
    probes = {event.network.profile: event.network for event in run.events if event.network}
    return [
        {
            "profile": profile.name,
            "nominal": _nominal(profile),
            "realised": asdict(probes[profile.name]) if profile.name in probes else None,
            "pings": _rounded_all(networks.pings(run.sessions, profile.name)),
            "late": _rounded(
                networks.late_share(t for t in run.turns if t.network == profile.name), 6
            ),
        }
        for profile in run.manifest.networks
    ]


def _rounded_all(found: networks.Pings | UpdateStats | ProxyOverhead | None) -> Any:
    """Return the fields of a finding, `None` for none."""
    if found is None:
        return None
    return {name: _rounded(value) for name, value in asdict(found).items()}


def _nominal(profile: NetworkProfile) -> dict[str, Any]:
    return {
        "up": asdict(profile.up),
        "down": asdict(profile.down),
        "rtt_ms": profile.rtt_ms,
        "source": profile.source,
        "note": profile.note,
    }


def _accuracy(run: Run, truth: Iterable[TruthRecord]) -> list[dict[str, Any]]:
    impaired = {profile.name for profile in run.manifest.networks if impairs(profile)}
    return [
        {
            "network": found.network,
            "n": found.n,
            "difference": {
                name: _rounded(getattr(found, name))
                for name in ("p50_ms", "p95_ms", "p99_ms", "min_ms", "max_ms")
            },
            "of_percentiles": {
                f"p{percent}_ms": _rounded(value)
                for percent, value in found.of_percentiles_ms.items()
            },
            "note": _NETWORK_NOTE if found.network in impaired else _IDEAL_NOTE,
        }
        for found in accuracy(run.turns, truth, run.manifest.audio.rate_hz)
    ]


def _provenance(manifest: RunManifest) -> dict[str, Any]:
    told: Mapping[str, Any] = asdict(manifest)
    return {field.name: told[field.name] for field in fields(ProvenanceSummary)}


def _rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)
