"""The summary of a run, typed: the stable interface that reports, gates and other machines read.

Schema `harness.summary/2`. Fields may be added; one that is renamed, removed or redefined raises
the number. Latencies are milliseconds, times seconds, rates shares of 1. What is not known is
`None`, in JSON null, with a `why` beside it; a part that does not apply has the default of its
type, and is absent from JSON. Every interval is two-sided at 95 %, clustered by session, and holds
within this run.
"""

from dataclasses import dataclass

from harness.model.accuracy_summary import AccuracySummary
from harness.model.behaviour_summary import BehaviourSummary
from harness.model.breakdown_summary import CallsSummary, FaultSummary
from harness.model.cascade_summary import CascadeSummary
from harness.model.cost_summary import CascadeCost, CostDetail, PriceListSummary
from harness.model.network import Direction, ProxyOverhead, RealisedNetwork, UpdateStats
from harness.model.provenance_summary import ProvenanceSummary
from harness.model.speech import CorpusFacts
from harness.model.turn import TokenUsage
from harness.model.understanding import UnderstoodSummary
from harness.model.validity_summary import ValiditySummary
from harness.model.vendor_account import VendorSummary

SUMMARY_SCHEMA = "harness.summary/2"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBackSummary:
    """Sessions that the target's own limits held back, and the longest that one was."""

    sessions: int
    max_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSummary:
    """What was planned and what was done.

    Attributes:
        sessions: Sessions that have ended.
        turns: Turns that have a record.
        turns_measured: Those whose latencies count.
        turns_planned: Turns of the whole schedule; where time decided, of the calls held.
        turns_unrecorded: Turns of calls held that have no record.
        calls_planned: Calls of the schedule, `None` when time decided.
        calls_held: Calls that were begun and have ended.
        workers_lost: Load workers that ended in the middle of the run.
        duration_s: From the first session's opening to the last one's end; `None` without one.
        concurrency_peak: Most sessions open at once; likewise.
        refusals: How often a full server refused a session.
        held_back: Only where the target's own limits held sessions back.
        unreadable_messages: Messages of the server that could not be read.
        old_names: Names of messages that the API has since renamed, as they came.
        reconnects: How often sessions were opened anew.
        outage_s: Without a connection, all sessions together.
        status: Turns by how they ended.
        frames_intended: Audio frames that the pacing plans asked for.
        frames_sent: Audio frames that went out.
        frames_share: The part of the intended that was sent; `None` when none was intended.
        clock_steps: How often the clock made a step.
        finished: The run ended by itself, or was asked to.
    """

    sessions: int
    turns: int
    turns_measured: int
    turns_planned: int
    turns_unrecorded: int
    calls_planned: int | None = None
    calls_held: int
    workers_lost: int
    duration_s: float | None = None
    concurrency_peak: int | None = None
    refusals: int
    held_back: HeldBackSummary | None = None
    unreadable_messages: int
    old_names: tuple[str, ...] = ()
    reconnects: int
    outage_s: float
    status: dict[str, int]
    frames_intended: int
    frames_sent: int
    frames_share: float | None = None
    clock_steps: int
    finished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentileSummary:
    """A percentile with its interval.

    Attributes:
        value: `None` where the turns do not support it, or where it lies above the limit.
        low: Lower end of the interval; above the limit, what the percentile is at least.
        high: Upper end.
        n_eff: Independent turns that the turns are worth.
        why: Why something is missing.
        needs_turns: Independent turns that would support it.
    """

    value: float | None
    low: float | None
    high: float | None
    n_eff: float | None = None
    why: str = ""
    needs_turns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSummary:
    """One latency over turns, sessions or pings.

    Attributes:
        unit: Always `ms`.
        title: What people call it.
        definition: From what to what.
        of: What has it: turns, sessions or pings.
        n: How many.
        sessions: Sessions they come from.
        censored: Of them, known only to be at least the limit.
        max: Largest; `None` with a censored one, or without any.
        p50: Median.
        p90: 90th percentile.
        p95: 95th percentile.
        p99: 99th percentile.
    """

    unit: str
    title: str
    definition: str
    of: str
    n: int
    sessions: int
    censored: int
    max: float | None = None
    p50: PercentileSummary
    p90: PercentileSummary
    p95: PercentileSummary
    p99: PercentileSummary

    def percentile(self, percent: int) -> PercentileSummary:
        """Return P50, P90, P95 or P99."""
        return {50: self.p50, 90: self.p90, 95: self.p95, 99: self.p99}[percent]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureSummary:
    """Share of turns that the API failed; turns that we ourselves spoiled are in neither number."""

    value: float | None
    low: float | None
    high: float | None
    failed: int
    n: int
    n_eff: float | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumSummary:
    """The same numbers for a part of the turns.

    Attributes:
        by: What the part has in common: `network`, `kind`, `condition`, `user_class` or
            `position`, of the turn in its call, to its name.
        turns: How many.
        status: Turns by how they ended.
        metrics: By name.
        failure_rate: As for the whole.
        target: Of a user class, the address that its callers called; empty for others.
        dialect: What was spoken there; empty for others.
    """

    by: dict[str, str]
    turns: int
    status: dict[str, int]
    metrics: dict[str, MetricSummary]
    failure_rate: FailureSummary
    target: str = ""
    dialect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatenessSummary:
    """Our own lateness; `n` is 0 and the others `None` where none was recorded."""

    n: int
    p50_ms: float | None
    p99_ms: float | None
    p999_ms: float | None
    max_ms: float | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSummary:
    """What the conversation cost.

    Attributes:
        currency: Three letters.
        basis: `usage`, `time` or `estimate`; `stages` where a cascade's parts were priced.
        total: Of the turns that have a cost; `None` when it is not known.
        per_minute: Per minute of conversation.
        per_turn: Per turn that has a cost, of the same calls.
        minutes: Minutes that `per_minute` divides by.
        turns: Turns that have a cost.
        tokens: Of all turns together; `None` when the provider reported none.
        partial: Some responses have no cost.
        model: Whose prices were used.
        model_asked: The model that was asked for.
        models_named: The models that the server named.
        prices: Which list.
        note: What the reader must know.
        why: Why something is missing.
        detail: Where the money went; `None` where nothing has a cost, and for `stages`.
        cascade: What the stages of a cascade cost; only with a stage log.
    """

    currency: str
    basis: str
    total: float | None
    per_minute: float | None
    per_turn: float | None
    minutes: float | None
    turns: int
    tokens: TokenUsage | None = None
    partial: bool
    model: str
    model_asked: str
    models_named: tuple[str, ...]
    prices: PriceListSummary
    note: str
    why: str = ""
    detail: CostDetail | None = None
    cascade: CascadeCost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NominalNetwork:
    """What a network was asked to be."""

    up: Direction
    down: Direction
    rtt_ms: float
    source: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PingSummary:
    """Round trips of pings on the sessions' own sockets."""

    n: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSummary:
    """One network of the run.

    Attributes:
        profile: Its name.
        nominal: What it was asked to be.
        realised: What a probe before the run found; `None` without one.
        pings: What pings found while calls ran; `None` without any.
        late: Share of its turns in which it changed more than half a frame late; `None` where it
            was not to change.
    """

    profile: str
    nominal: NominalNetwork
    realised: RealisedNetwork | None = None
    pings: PingSummary | None = None
    late: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSummary:
    """Something that happened to the run as a whole."""

    kind: str
    at_s: float
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceComparison:
    """One utterance under a condition and under the one it is compared with."""

    utterance: str
    network: str
    n: int
    n_against: int
    value: float | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedSummary:
    """How much slower the same utterances were under `condition` than under `against`.

    Attributes:
        condition: Name of the condition.
        against: Name of the condition it is compared with; empty for originals.
        metric: Name of the latency.
        unit: Always `ms`.
        value: The median over utterances; `None` when they do not support it.
        low: Lower end of its interval.
        high: Upper end.
        utterances: How many were measured under both.
        unanswered: Of them, those without an answer under one of the conditions.
        turns: Turns under the condition.
        turns_against: Turns without it.
        sessions: Sessions that both come from.
        each: The utterances one by one, for the headline only.
        why: Why something is missing.
    """

    condition: str
    against: str
    metric: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    utterances: int
    unanswered: int
    turns: int
    turns_against: int
    sessions: int
    each: tuple[UtteranceComparison, ...]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The whole document.

    Attributes:
        schema: `harness.summary/2`.
        run_id: Name of the run.
        validity: May it be judged.
        load: Planned and done.
        metrics: By name, all turns and networks pooled.
        strata: The same by network, by kind of turn, by condition of the speech, and, where the
            run has several, by user class and by position of the turn in its call.
        failure_rate: Share of turns that the API failed.
        send_lateness: Of every audio frame that we sent.
        loop_lag: Of our event loop's wake-ups: what arrives is stamped as late.
        gc_pause: Our pauses for garbage collection.
        cost: In money.
        network: One entry a network, nominal beside realised.
        network_changes: Changes of networks while calls ran; `None` without any.
        proxy_overhead: Round trips of Toxiproxy itself; `None` when not measured.
        corpus: What was said.
        events: What happened to the run as a whole.
        provenance: What it takes to do it again.
        paired: Only where speech was said under several conditions, one of them clean.
        behaviour: Only where a dialogue script asked for something.
        understanding: Word error rates of the API's transcripts, of the run, then by stratum.
        accuracy: Only with a truth log.
        faults: Kinds of faults, the most frequent first.
        calls: Calls as their callers met them; `None` without a turn that counts.
        stages: Stages of a cascade by name, in their order; only with a stage log.
        cascade: What it did; likewise.
        vendor: What the vendor told of the calls afterwards; `None` where it was not asked.
    """

    schema: str
    run_id: str
    validity: ValiditySummary
    load: LoadSummary
    metrics: dict[str, MetricSummary]
    strata: tuple[StratumSummary, ...]
    failure_rate: FailureSummary
    send_lateness: LatenessSummary
    loop_lag: LatenessSummary
    gc_pause: LatenessSummary
    cost: CostSummary
    network: tuple[NetworkSummary, ...]
    network_changes: UpdateStats | None = None
    proxy_overhead: ProxyOverhead | None = None
    corpus: CorpusFacts
    events: tuple[EventSummary, ...]
    provenance: ProvenanceSummary
    paired: tuple[PairedSummary, ...] = ()
    behaviour: BehaviourSummary | None = None
    understanding: tuple[UnderstoodSummary, ...] = ()
    accuracy: tuple[AccuracySummary, ...] = ()
    faults: tuple[FaultSummary, ...] = ()
    calls: CallsSummary | None = None
    stages: dict[str, MetricSummary] | None = None
    cascade: CascadeSummary | None = None
    vendor: VendorSummary | None = None

    def of_network(self, name: str) -> StratumSummary | None:
        """Return the part of the turns that ran on one network."""
        return next((s for s in self.strata if s.by == {"network": name}), None)
