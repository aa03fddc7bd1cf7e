"""The summary of a run: the stable interface that reports, gates and other machines read.

Its fields, and what each means, are the types of `harness.model.summary`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields, replace

import numpy as np

from harness.analysis import networks
from harness.analysis.accuracy import accuracy
from harness.analysis.behaviour import behaviour_summary
from harness.analysis.calls import calls_summary
from harness.analysis.columns import Flags, TurnColumns
from harness.analysis.completeness import completeness
from harness.analysis.cost import STAGES, summed, total_usage, with_stages
from harness.analysis.costs.account import cost_detail
from harness.analysis.costs.billing import Bills
from harness.analysis.error_bound import error_bounds
from harness.analysis.failures import failure_rate
from harness.analysis.fault_counts import fault_counts
from harness.analysis.metrics import METRICS, Metric, is_measured, sample
from harness.analysis.paired_difference import conditions, paired_summary
from harness.analysis.positions import positions
from harness.analysis.priced_models import models_named
from harness.analysis.prices import PriceList
from harness.analysis.quantiles import Estimate, Sample, estimate
from harness.analysis.rounding import RATE_DIGITS, rounded, rounded_fields
from harness.analysis.stages import cascade_summary, stage_samples
from harness.analysis.understanding import understanding
from harness.analysis.validity import assess_validity, impairs
from harness.analysis.vendor_accounts import vendor_summary
from harness.model import (
    ERROR_LIMIT_NS,
    NS_PER_MS,
    NS_PER_S,
    SUMMARY_SCHEMA,
    DurationSummary,
    Run,
    RunManifest,
    SessionRecord,
    StageRecord,
    Summary,
    TruthRecord,
    TurnKind,
    TurnRecord,
)
from harness.model.accuracy_summary import AccuracySummary, DifferenceSummary, PercentileDifferences
from harness.model.cost_summary import CascadeCost, PriceListSummary
from harness.model.provenance_summary import ProvenanceSummary
from harness.model.summary import (
    CostSummary,
    EventSummary,
    FailureSummary,
    HeldBackSummary,
    LatenessSummary,
    LoadSummary,
    MetricSummary,
    NetworkSummary,
    NominalNetwork,
    PercentileSummary,
    PingSummary,
    StratumSummary,
)
from harness.model.validity_summary import ErrorBoundSummary, ValiditySummary

PERCENTILES = (50, 90, 95, 99)

_IDEAL_NOTE = "the network adds nothing: this is the error of the measurement and of the machine"
_NETWORK_NOTE = "the network's own delay is in it: not an error of the measurement"


def summarise(
    run: Run,
    prices: PriceList,
    truth: Iterable[TruthRecord] = (),
    stages: Iterable[StageRecord] = (),
) -> Summary:
    """Summarise a run.

    Args:
        run: The records.
        prices: The price list to use.
        truth: The simulator's truth log, where there is one.
        stages: A cascade's stage log, likewise.
    """
    stages = tuple(stages)
    validity, columns, calls = assess_validity(run), TurnColumns(run.turns), calls_summary(run)
    changes, overhead = networks.changes(run.events), networks.proxy_overhead(run.events)
    return Summary(
        schema=SUMMARY_SCHEMA,
        run_id=run.manifest.run_id,
        validity=ValiditySummary(
            state=validity.state,
            reasons=validity.reasons,
            error_bound=_error_bound(run.turns),
        ),
        load=_load(run),
        metrics=_metrics(columns, np.ones(len(columns), dtype=np.bool_), run.sessions),
        strata=_strata(run, columns),
        failure_rate=_failure_rate(run.turns),
        send_lateness=_lateness(run.send_lateness, "no frame lateness was recorded"),
        loop_lag=_lateness(run.loop_lag, "no event loop lag was recorded"),
        gc_pause=_lateness(run.gc_pause, "no garbage was collected"),
        cost=_cost(run, prices, stages),
        network=_networks(run),
        network_changes=None if changes is None else rounded_fields(changes),
        proxy_overhead=None if overhead is None else rounded_fields(overhead),
        corpus=run.manifest.corpus,
        events=tuple(
            EventSummary(kind=str(e.kind), at_s=rounded(e.at_ns / NS_PER_S), detail=e.detail)
            for e in run.events
        ),
        provenance=_provenance(run.manifest),
        paired=paired_summary(run.turns),
        behaviour=behaviour_summary(run.turns, run.sessions),
        understanding=understanding(run.sessions),
        accuracy=_accuracy(run, tuple(truth)),
        faults=fault_counts(run),
        calls=calls if calls.n else None,
        stages=_stages(run, stages),
        vendor=vendor_summary(run),
        cascade=cascade_summary(run.turns, stages),
    )


def _held_back(sessions: Sequence[SessionRecord]) -> HeldBackSummary | None:
    held = [session.held_back_ns for session in sessions if session.held_back_ns]
    if not held:
        return None
    return HeldBackSummary(sessions=len(held), max_s=round(max(held) / NS_PER_S, 3))


def _error_bound(turns: Sequence[TurnRecord]) -> ErrorBoundSummary:
    found = error_bounds(turns)
    why = "no turn says how far the stamp of its response may be off"
    return ErrorBoundSummary(
        n=found.n,
        unknown=found.unknown,
        over_limit=found.over,
        limit_ms=ERROR_LIMIT_NS / NS_PER_MS,
        p50_ms=rounded(found.p50_ms),
        p99_ms=rounded(found.p99_ms),
        max_ms=rounded(found.max_ms),
        by_loop=found.by_loop,
        why="" if found.n else why if found.unknown else "no turn was measured",
    )


def _load(run: Run) -> LoadSummary:
    opened = [s.open_start_ns for s in run.sessions if s.open_start_ns is not None]
    closed = [s.closed_ns for s in run.sessions if s.closed_ns is not None]
    plan = completeness(run)
    whole_ns = max(closed) - min(opened) if opened and closed else None
    return LoadSummary(
        sessions=len(run.sessions),
        turns=len(run.turns),
        turns_measured=sum(is_measured(turn) for turn in run.turns),
        turns_planned=plan.turns_planned,
        turns_unrecorded=plan.turns_missing + plan.turns_cut,
        calls_planned=plan.calls_planned,
        calls_held=plan.calls_held,
        workers_lost=plan.workers_lost,
        duration_s=None if whole_ns is None else rounded(whole_ns / NS_PER_S),
        concurrency_peak=concurrency_peak(run.sessions),
        refusals=sum(session.refusals for session in run.sessions),
        held_back=_held_back(run.sessions),
        unreadable_messages=sum(session.unreadable_messages for session in run.sessions),
        old_names=tuple(sorted({name for session in run.sessions for name in session.old_names})),
        reconnects=sum(session.reconnects for session in run.sessions),
        outage_s=rounded(sum(session.outage_ns for session in run.sessions) / NS_PER_S),
        status=_statuses(run.turns),
        frames_intended=plan.frames_intended,
        frames_sent=plan.frames_sent,
        frames_share=rounded(plan.frames_share, RATE_DIGITS),
        clock_steps=plan.clock_steps,
        finished=plan.finished,
    )


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


def _strata(run: Run, columns: TurnColumns) -> tuple[StratumSummary, ...]:
    asked = [profile.name for profile in run.manifest.networks]
    names = list(dict.fromkeys([*asked, *sorted(columns.values("network"))]))
    strata = [
        _stratum("network", name, columns, [s for s in run.sessions if s.network == name])
        for name in names
    ]
    present = set(columns.values("kind"))
    strata += [_stratum("kind", str(kind), columns) for kind in TurnKind if kind in present]
    strata += [_stratum("condition", name, columns) for name in conditions(run.turns)]
    strata += [_class_stratum(name, columns, run) for name in user_classes(run)]
    strata += [
        _chosen_stratum({"position": name}, columns, chosen)
        for name, chosen in positions(columns).items()
    ]
    return tuple(strata)


def user_classes(run: Run) -> list[str]:
    """Return the user classes of a run by name; none where there is but one."""
    held = {turn.user_class for turn in run.turns} | {one.user_class for one in run.sessions}
    return sorted(held) if len(held) > 1 else []


def _class_stratum(name: str, columns: TurnColumns, run: Run) -> StratumSummary:
    sessions = [session for session in run.sessions if session.user_class == name]
    called = run.manifest.target_of(name)
    found = _stratum("user_class", name, columns, sessions)
    return replace(found, target=called.target, dialect=called.dialect)


def _stratum(
    attribute: str,
    value: str,
    columns: TurnColumns,
    sessions: Sequence[SessionRecord] | None = None,
) -> StratumSummary:
    """Summarise the turns that have this value of an attribute."""
    chosen = columns.having(attribute, value)
    return _chosen_stratum({attribute: value}, columns, chosen, sessions)


def _chosen_stratum(
    by: dict[str, str],
    columns: TurnColumns,
    chosen: Flags,
    sessions: Sequence[SessionRecord] | None = None,
) -> StratumSummary:
    turns = [columns.turns[number] for number in np.flatnonzero(chosen).tolist()]
    return StratumSummary(
        by=by,
        turns=len(turns),
        status=_statuses(turns),
        metrics=_metrics(columns, chosen, sessions),
        failure_rate=_failure_rate(turns),
    )


def _statuses(turns: Iterable[TurnRecord]) -> dict[str, int]:
    return dict(sorted(Counter(str(turn.status) for turn in turns).items()))


def _metrics(
    columns: TurnColumns, chosen: Flags, sessions: Sequence[SessionRecord] | None
) -> dict[str, MetricSummary]:
    """Return every metric of the chosen turns; those of sessions where sessions are given."""
    found = {}
    for metric in METRICS:
        if not metric.of_session:
            values = columns.sample(metric, chosen)
        elif sessions is not None:
            values = sample(metric, (), sessions)
        else:
            continue
        if len(values.values_ms) or not metric.occasional:
            found[metric.name] = _metric(metric, values)
    return found


def _metric(metric: Metric, values: Sample) -> MetricSummary:
    censored = int(np.isposinf(values.values_ms).sum())
    known = not censored and len(values.values_ms) > 0
    p50, p90, p95, p99 = (_percentile(estimate(values, percent / 100)) for percent in PERCENTILES)
    return MetricSummary(
        unit="ms",
        title=metric.title,
        definition=metric.definition,
        of=values.of,
        n=len(values.values_ms),
        sessions=len(np.unique(values.sessions)),
        censored=censored,
        max=rounded(float(values.values_ms.max())) if known else None,
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
    )


def _percentile(found: Estimate) -> PercentileSummary:
    return PercentileSummary(
        value=rounded(found.value_ms),
        low=rounded(found.low_ms),
        high=rounded(found.high_ms),
        n_eff=rounded(found.n_eff, 1),
        why=found.why,
        needs_turns=found.needs_turns,
    )


def _failure_rate(turns: Iterable[TurnRecord]) -> FailureSummary:
    found = failure_rate(turns)
    return FailureSummary(
        value=rounded(found.value, RATE_DIGITS),
        low=rounded(found.low, RATE_DIGITS),
        high=rounded(found.high, RATE_DIGITS),
        failed=found.failed,
        n=found.n,
        n_eff=rounded(found.n_eff, 1),
        why=found.why,
    )


def _lateness(found: DurationSummary | None, why: str) -> LatenessSummary:
    if found is None:
        return LatenessSummary(n=0, p50_ms=None, p99_ms=None, p999_ms=None, max_ms=None, why=why)
    return LatenessSummary(**asdict(rounded_fields(found)))


def _cost(run: Run, prices: PriceList, stages: Sequence[StageRecord]) -> CostSummary:
    bills = Bills(run, prices)
    found, cascade = with_stages(summed(run, prices, bills), run, prices, stages)
    by_stages = found.basis == STAGES
    return CostSummary(
        currency=found.currency,
        basis=found.basis,
        total=rounded(found.total, RATE_DIGITS),
        per_minute=rounded(found.per_minute, RATE_DIGITS),
        per_turn=rounded(found.per_turn, RATE_DIGITS),
        minutes=rounded(found.minutes),
        turns=found.turns,
        tokens=total_usage(run),
        partial=found.partial,
        model=found.model,
        model_asked=run.manifest.model,
        models_named=models_named(run),
        prices=_stage_prices(cascade) if by_stages and cascade else _prices(prices, found.model),
        note=found.note,
        why=found.why,
        detail=None if by_stages else cost_detail(run, prices, bills),
        cascade=cascade,
    )


def _stage_prices(cascade: CascadeCost) -> PriceListSummary:
    """Return where the prices of a cascade's stages were read, each once."""
    told = [stage.prices for stage in cascade.stages if stage.prices is not None]
    return PriceListSummary(
        date=", ".join(dict.fromkeys(one.date for one in told)),
        source="; ".join(dict.fromkeys(one.source for one in told)),
        note="; ".join(dict.fromkeys(one.note for one in told if one.note)),
    )


def _prices(prices: PriceList, model: str) -> PriceListSummary:
    """Return where the prices of a model were read; of several models, that of the list."""
    tariff = prices.of_model(model)
    if tariff is None:
        return PriceListSummary(date=prices.date, source=prices.source)
    return PriceListSummary(
        date=tariff.date or prices.date, source=tariff.source or prices.source, note=tariff.note
    )


def _networks(run: Run) -> tuple[NetworkSummary, ...]:
    probes = {event.network.profile: event.network for event in run.events if event.network}
    return tuple(
        NetworkSummary(
            profile=profile.name,
            nominal=NominalNetwork(
                up=profile.up,
                down=profile.down,
                rtt_ms=profile.rtt_ms,
                source=profile.source,
                note=profile.note,
            ),
            realised=probes.get(profile.name),
            pings=_pings(run.sessions, profile.name),
            late=rounded(
                networks.late_share(t for t in run.turns if t.network == profile.name),
                RATE_DIGITS,
            ),
        )
        for profile in run.manifest.networks
    )


def _pings(sessions: Iterable[SessionRecord], network: str) -> PingSummary | None:
    found = networks.pings(sessions, network)
    if found is None:
        return None
    return PingSummary(n=found.n, p50_ms=rounded(found.p50_ms), p99_ms=rounded(found.p99_ms))


def _accuracy(run: Run, truth: Sequence[TruthRecord]) -> tuple[AccuracySummary, ...]:
    impaired = {profile.name for profile in run.manifest.networks if impairs(profile)}
    return tuple(
        AccuracySummary(
            network=found.network,
            metric=found.metric,
            n=found.n,
            difference=DifferenceSummary(
                p50_ms=rounded(found.p50_ms),
                p95_ms=rounded(found.p95_ms),
                p99_ms=rounded(found.p99_ms),
                min_ms=rounded(found.min_ms),
                max_ms=rounded(found.max_ms),
            ),
            of_percentiles=PercentileDifferences(
                **{
                    f"p{percent}_ms": rounded(value)
                    for percent, value in found.of_percentiles_ms.items()
                }
            ),
            note=_NETWORK_NOTE if found.network in impaired else _IDEAL_NOTE,
        )
        for found in accuracy(run.turns, truth, run.manifest)
    )


def _stages(run: Run, records: Iterable[StageRecord]) -> dict[str, MetricSummary] | None:
    found = stage_samples(run.turns, records, run.manifest.audio.rate_hz)
    return {stage.name: _metric(stage, values) for stage, values in found} or None


def _provenance(manifest: RunManifest) -> ProvenanceSummary:
    known = {field.name: getattr(manifest, field.name) for field in fields(ProvenanceSummary)}
    return ProvenanceSummary(**known)
