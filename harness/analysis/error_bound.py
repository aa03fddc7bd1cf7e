"""By how much the latency of each turn may be wrong through us, and turns of which it is too much.

The session voids a turn whose bound is beyond the limit. Whoever reads records holds them to the
limit again, since records of another version, or of another process, may have been written to
another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.columns import TurnColumns
from harness.errors import Fault, Party, Phase
from harness.model import ERROR_LIMIT_NS, NS_PER_MS, Run, TurnRecord, TurnStatus

_CODE = "error_bound"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBounds:
    """The bounds of all turns whose latencies count, in milliseconds.

    Attributes:
        n: Turns that have one.
        unknown: Turns whose latency counts, and of which none is known.
        over: Turns that are void because theirs was beyond the limit.
        p50_ms: Median; `None` when no turn has one.
        p99_ms: Ninety-ninth percentile.
        max_ms: The largest.
        by_loop: Of `n`, turns whose response our own loop stamped: the kernel did not, or its stamp
            could not be the truth.
    """

    n: int
    unknown: int
    over: int
    p50_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None
    by_loop: int = 0


def error_bounds(turns: Sequence[TurnRecord]) -> ErrorBounds:
    """Sum up the bounds of the turns whose latencies count."""
    columns = TurnColumns(turns)
    over = columns.error_bounds_ns > ERROR_LIMIT_NS
    counted = (columns.heard | columns.waited) & ~over
    known = counted & ~np.isnan(columns.error_bounds_ns)
    beside = {
        "unknown": int(np.count_nonzero(counted & ~known)),
        "over": int(np.count_nonzero(over)),
    }
    if not known.any():
        return ErrorBounds(n=0, **beside)
    bounds_ms = columns.error_bounds_ns[known] / NS_PER_MS
    p50, p99 = np.percentile(bounds_ms, (50, 99), method="inverted_cdf")
    return ErrorBounds(
        n=len(bounds_ms),
        **beside,
        p50_ms=float(p50),
        p99_ms=float(p99),
        max_ms=float(bounds_ms.max()),
        by_loop=int(np.count_nonzero(known & (columns.number("processing_delay_ns") > 0))),
    )


def held_to_limit(run: Run) -> Run:
    """Return a run in which turns that may be wrong by more than the limit are void."""
    columns = TurnColumns(run.turns)
    voided = columns.error_bounds_ns > ERROR_LIMIT_NS
    if voided.any():
        voided &= columns.heard | columns.waited
    if not voided.any():
        return run
    paired = zip(run.turns, voided, strict=True)
    return replace(run, turns=tuple(_void(turn) if is_void else turn for turn, is_void in paired))


def _void(turn: TurnRecord) -> TurnRecord:
    bound_ns = turn.error_bound_ns or 0
    words = f"its latency may be wrong by {bound_ns / NS_PER_MS:.1f} ms through us"
    fault = Fault(Party.OURS, Phase.PLAYOUT, _CODE, words)
    return replace(turn, status=TurnStatus.VOID, fault=fault)
