"""A whole run as it was recorded: what analysis gets to see."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from harness.model.audio import AudioFormat
from harness.model.class_target import ClassTarget
from harness.model.network import NetworkProfile, ProxyOverhead, RealisedNetwork, UpdateStats
from harness.model.session import SessionRecord
from harness.model.session_settings import AskedSession
from harness.model.speech import CorpusFacts
from harness.model.turn import TurnRecord
from harness.model.validity_summary import ValidityState
from harness.model.vendor_account import VendorAccount

MANIFEST_SCHEMA = "harness.manifest/2"


class ArrivalStamps(StrEnum):
    """What stamps the arrival of a message.

    `kernel`: the instant at which the kernel took its last byte off the network. `event loop`: the
    instant at which our own loop came to read it, which is later by what the loop was busy.
    """

    KERNEL = "kernel"
    EVENT_LOOP = "event loop"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunManifest:
    """What was asked for; written before the first call.

    Where user classes have different targets, `target`, `model` and `dialect` name all of them, and
    `audio` and `frame_ms` are those of the first class.

    Attributes:
        run_id: Name of the run, also of its directory.
        started_at: Wall time of the start, ISO 8601 with zone.
        origin_ns: Monotonic instant that all recorded instants count from.
        scenario: Name of the scenario.
        scenario_digest: SHA-256 of the scenario's file.
        target: Address without credentials or query.
        simulated: True when the target was this project's simulator.
        model: Model asked for, empty where it is not known.
        model_unknown: Why it is not known, empty where it is.
        dialect: Name of the wire protocol.
        corpus: What was said.
        audio: How the caller's audio is written.
        frame_ms: Length of the caller's audio frames.
        turn_limit_ms: How long a caller waits for a response.
        seeds: Seed per source of chance.
        schedule_hash: Digest of all planned calls; equal hashes mean equal schedules.
        calls_planned: Calls in the schedule, `None` when time decides.
        networks: Profiles asked for.
        turns_planned: Turns of all calls in the schedule, `None` when time decides.
        settings: Everything else that was asked for, by name.
        versions: Package name to version, the interpreter included.
        host: Facts of the machine.
        commit: Revision of the checkout, empty when there is none.
        model_by_default: Nobody chose the model: it is the one that the dialect has for such cases.
        arrival_stamps: What stamps the arrival of a message.
        sessions_asked: The session that is asked for, of each user class.
        targets: The target of each user class.
    """

    run_id: str
    started_at: str
    origin_ns: int
    scenario: str
    target: str
    simulated: bool
    model: str
    dialect: str
    corpus: CorpusFacts
    audio: AudioFormat
    frame_ms: int
    turn_limit_ms: float
    seeds: dict[str, int]
    schedule_hash: str
    calls_planned: int | None
    networks: tuple[NetworkProfile, ...]
    turns_planned: int | None = None
    scenario_digest: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    host: dict[str, str] = field(default_factory=dict)
    commit: str = ""
    model_by_default: bool = False
    arrival_stamps: ArrivalStamps = ArrivalStamps.EVENT_LOOP
    model_unknown: str = ""
    sessions_asked: tuple[AskedSession, ...] = ()
    targets: tuple[ClassTarget, ...] = ()
    schema: str = MANIFEST_SCHEMA

    @property
    def model_in_words(self) -> str:
        """The model asked for, or why it is not known."""
        why = f": {self.model_unknown}" if self.model_unknown else ""
        return self.model or f"unknown model{why}"

    @property
    def several_targets(self) -> bool:
        """Whether user classes have different targets."""
        return len({replace(one, user_class="") for one in self.targets}) > 1

    def target_of(self, user_class: str) -> ClassTarget:
        """Return the target of a user class; that of the run where it is not known by class."""
        known = next((one for one in self.targets if one.user_class == user_class), None)
        return known or ClassTarget(
            user_class=user_class,
            target=self.target,
            dialect=self.dialect,
            model=self.model,
            audio=self.audio,
            frame_ms=self.frame_ms,
            model_by_default=self.model_by_default,
        )


class RunEventKind(StrEnum):
    """Things that happen to a run as a whole."""

    NETWORK = "network"
    RECORDINGS = "recordings"
    WORKER_LOST = "worker_lost"
    CALLERS_MISSING = "callers_missing"
    CLOCK_STEP = "clock_step"
    TOXIPROXY_LOST = "toxiproxy_lost"
    INTERRUPTED = "interrupted"
    ABORTED = "aborted"
    FINISHED = "finished"
    MERGED = "merged"


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedRun:
    """One of the runs that a run was merged from.

    Attributes:
        run_id: Its name.
        started_at: When it started, as its manifest has it.
        state: What it was found to be when it was merged.
        reasons: Why.
    """

    run_id: str
    started_at: str
    state: ValidityState
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One thing that happened to a run.

    Attributes:
        kind: What.
        at_ns: When, since run start.
        detail: In words.
        network: The probe's finding, for `network` events.
        account: The changes that one process made to its networks, when it had ended.
        proxy: What the proxy itself cost meanwhile.
        merged: The run that begins here, in one that was merged from several.
    """

    kind: RunEventKind
    at_ns: int
    detail: str = ""
    network: RealisedNetwork | None = None
    account: UpdateStats | None = None
    proxy: ProxyOverhead | None = None
    merged: MergedRun | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationSummary:
    """What is kept of a histogram of our own behaviour, in milliseconds; `n` is never 0."""

    n: int
    p50_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float

    def __post_init__(self) -> None:
        """Refuse a summary of no values."""
        if self.n < 1:
            raise ValueError("a duration summary needs at least one value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything in a run directory.

    Attributes:
        manifest: What was asked for.
        turns: One record a turn.
        sessions: One record a session that ended.
        events: What happened to the run as a whole; without `finished` it was killed.
        send_lateness: Lateness of every audio frame, `None` when no frame was sent.
        loop_lag: Lateness of the event loop's own wake-ups, `None` when it never ran.
        gc_pause: Pauses for garbage collection, `None` when there was none.
        accounts: What the vendor told of the calls afterwards; never a measurement.
    """

    manifest: RunManifest
    turns: tuple[TurnRecord, ...]
    sessions: tuple[SessionRecord, ...]
    events: tuple[RunEvent, ...]
    send_lateness: DurationSummary | None
    loop_lag: DurationSummary | None
    gc_pause: DurationSummary | None = None
    accounts: tuple[VendorAccount, ...] = ()
