"""What a self check found, in the shape in which it is written down."""

from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = "harness.bench/2"
# A run that uses more of what the machine holds than this is close to its limit.
SAFE_SHARE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityFinding:
    """What one core holds at one frame length; figures that were not measured are `None`.

    Lateness is that of frames at `sessions` sessions, held for `held_s`; where none held, that of
    the last number that was tried.

    Attributes:
        frame_ms: Length of the callers' frames.
        sessions: The largest number found to hold in a run under Locust.
        confirmed: Whether the search found it to hold twice and the next number to fail, and it
            held once more for `held_s`; a search that ran out of time is not.
        held_s: How long it was held once more.
        not_held: Larger numbers that did not hold so long, or the closest where none held, of
            either client, each with the reason.
        late_p50_ms: Lateness of frames, median.
        late_p99_ms: The same, 99th percentile.
        late_p999_ms: The same, 99.9th percentile.
        late_max_ms: The largest.
        missing: Frames left out from the first session's beginning on.
        engine_late_p99_ms: As `late_p99_ms`, in the engine alone, without Locust.
        engine_late_p999_ms: As `late_p999_ms`, in the engine alone.
        engine_missing: Frames that the engine alone left out in the window.
        server_late_p99_ms: As `late_p99_ms`, by arrivals at the server.
        server_late_p999_ms: As `late_p999_ms`, by arrivals at the server.
        server_missing: Frames that never arrived at the server, from each session's first on.
        plain_client_sessions: The largest number the straightforward client held.
        plain_confirmed: As `confirmed`, without the holding once more.
        ratio: `sessions` over `plain_client_sessions`.
        compared_sessions: The number at which the following are compared.
        cpu_ms_per_session_s: Processor time of the run under Locust per second of a session.
        plain_cpu_ms_per_session_s: The same of the straightforward client.
        kb_per_session: Memory each further session takes.
        open_s: Time in which the callers began.
        measurements: How many measurements were made, of both clients.
        trials: Every trial in words, client by client, in order.
        repeated: How many were repeated because the machine paused and they failed.
        pauses: How often the watchers were delayed by more than 5, 10 and 20 ms in all that time.
        longest_pause_ms: Their longest delay, 0 when there was none of more than 5 ms.
        watcher: Why the watchers were no native programs, empty where they were.
    """

    frame_ms: int
    sessions: int | None
    confirmed: bool
    held_s: float
    not_held: tuple[str, ...]
    late_p50_ms: float | None
    late_p99_ms: float | None
    late_p999_ms: float | None
    late_max_ms: float | None
    missing: int | None
    engine_late_p99_ms: float | None
    engine_late_p999_ms: float | None
    engine_missing: int | None
    server_late_p99_ms: float | None
    server_late_p999_ms: float | None
    server_missing: int | None
    plain_client_sessions: int | None
    plain_confirmed: bool
    ratio: float | None
    compared_sessions: int | None
    cpu_ms_per_session_s: float | None
    plain_cpu_ms_per_session_s: float | None
    kb_per_session: float | None
    open_s: float | None
    measurements: int
    trials: tuple[str, ...]
    repeated: int
    pauses: tuple[int, ...]
    longest_pause_ms: float | None
    watcher: str

    @property
    def locust_ratio(self) -> float | None:
        """P99.9 lateness under Locust over that of the engine alone."""
        under, alone = self.late_p999_ms, self.engine_late_p999_ms
        return None if under is None or not alone else under / alone


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyFinding:
    """Measured minus true voice-to-voice latency.

    Attributes:
        sessions: How many at once, in a run under Locust.
        busy: Whether another program kept every core busy meanwhile.
        turns: Turns that count and whose truth is known.
        void: Turns that our own lateness spoiled; they count nowhere.
        unsure: Turns left out because the simulator was so late that it does not know their truth
            to half a millisecond.
        off: Turns of `turns` that are more than 1 ms off.
        beyond_bound: Turns of `turns` that are off by more than 1 ms beyond the bound that their
            own record states.
        bound_p50_ms: Median of these bounds, `None` where none is known.
        bound_p99_ms: The same, 99th percentile.
        error_p50_ms: Difference of the medians.
        error_p95_ms: Difference of the 95th percentiles.
        error_p99_ms: Difference of the 99th percentiles.
        worst_ms: The largest difference of a turn, in size.
    """

    sessions: int
    busy: bool
    turns: int
    void: int
    unsure: int
    off: int
    beyond_bound: int
    bound_p50_ms: float | None
    bound_p99_ms: float | None
    error_p50_ms: float | None
    error_p95_ms: float | None
    error_p99_ms: float | None
    worst_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorFinding:
    """How far from the truth the audible-onset detector dates onsets.

    Attributes:
        condition: What the responses are like.
        bias_ms: Median error; late is positive.
        p95_abs_ms: 95th percentile of the error's size.
        refused: Share of responses where the detector said that it cannot tell.
        missed: Share of responses where it heard nothing.
        limit: What the figures do not show, in words.
    """

    condition: str
    bias_ms: float | None
    p95_abs_ms: float | None
    refused: float = 0.0
    missed: float = 0.0
    limit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything one self check found."""

    made_at: str
    capacity: tuple[CapacityFinding, ...]
    accuracy: tuple[AccuracyFinding, ...]
    detector: tuple[DetectorFinding, ...]
    machine: dict[str, str] = field(default_factory=dict)
    stolen_percent: float | None = None
    busy_percent: float | None = None
    load_average: float | None = None
    schema: str = SCHEMA

    def as_json(self) -> dict[str, Any]:
        """Return the findings as plain values."""
        return asdict(self)
