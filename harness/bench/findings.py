"""What a self check found, in the shape in which it is written down."""

from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = "harness.bench/1"
# A run that uses more of what the machine holds than this is close to its limit.
SAFE_SHARE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityFinding:
    """What one core holds at one frame length; figures that were not measured are `None`.

    Attributes:
        frame_ms: Length of the callers' frames.
        sessions: The largest number found to hold.
        confirmed: Whether it held twice and the next number was seen to fail; a search that ran
            out of time is not.
        late_p50_ms: Lateness of frames at that number, the median of measurements.
        late_p99_ms: The same, 99th percentile.
        late_p999_ms: The same, 99.9th percentile.
        plain_client_sessions: The largest number the straightforward client held.
        plain_confirmed: As `confirmed`.
        ratio: `sessions` over `plain_client_sessions`.
        compared_sessions: The number at which the following are compared.
        cpu_ms_per_session_s: Processor time of the engine's process per second of a session.
        plain_cpu_ms_per_session_s: The same of the straightforward client.
        kb_per_session: Memory each further session takes.
        open_s: Time to open `sessions` sessions at once.
        measurements: How many measurements were made, of both clients.
    """

    frame_ms: int
    sessions: int | None
    confirmed: bool
    late_p50_ms: float | None
    late_p99_ms: float | None
    late_p999_ms: float | None
    plain_client_sessions: int | None
    plain_confirmed: bool
    ratio: float | None
    compared_sessions: int | None
    cpu_ms_per_session_s: float | None
    plain_cpu_ms_per_session_s: float | None
    kb_per_session: float | None
    open_s: float | None
    measurements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyFinding:
    """Measured minus true voice-to-voice latency: difference of percentiles."""

    sessions: int
    turns: int
    error_p50_ms: float | None
    error_p95_ms: float | None
    error_p99_ms: float | None


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
