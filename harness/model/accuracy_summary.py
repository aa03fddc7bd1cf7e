"""Measured minus true, as a summary has it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceSummary:
    """Measured minus true, of turns one by one."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    min_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentileDifferences:
    """A measured percentile minus the true one."""

    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracySummary:
    """Measured minus true of one latency on one network: of turns, and of their percentiles."""

    network: str
    n: int
    difference: DifferenceSummary
    of_percentiles: PercentileDifferences
    note: str
    metric: str = "voice_to_voice"
