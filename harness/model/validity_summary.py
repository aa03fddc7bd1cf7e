"""Whether a run may be judged, as its summary says it."""

from dataclasses import dataclass
from enum import StrEnum


class ValidityState(StrEnum):
    """Whether a run may be judged, and whether without a caveat."""

    VALID = "VALID"
    DEGRADED = "DEGRADED"
    INVALID = "INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBoundSummary:
    """By how much the latency of a turn may be wrong through us, over the turns that count.

    Attributes:
        n: Turns whose bound is known.
        unknown: Turns whose latency counts, and whose bound is not known.
        over_limit: Turns that are void because theirs was beyond the limit.
        limit_ms: That limit.
        p50_ms: Median of the bounds.
        p99_ms: Ninety-ninth percentile.
        max_ms: The largest.
        why: Why they are missing.
        by_loop: Of `n`, turns whose response our own loop stamped instead of the kernel.
    """

    n: int
    unknown: int
    over_limit: int
    limit_ms: float
    p50_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    why: str = ""
    by_loop: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ValiditySummary:
    """May the run be judged; reasons in words, the worst first."""

    state: ValidityState
    reasons: tuple[str, ...] = ()
    error_bound: ErrorBoundSummary
