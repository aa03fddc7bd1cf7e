"""By how much the latency of each turn may be wrong through us, and turns of which it is too much.

The session voids a turn whose bound is beyond the limit. Whoever reads records holds them to the
limit again, since records of another version, or of another process, may have been written to
another one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.metrics import is_measured
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


def error_bounds(turns: Iterable[TurnRecord]) -> ErrorBounds:
    """Sum up the bounds of the turns whose latencies count."""
    known_ns: list[int] = []
    unknown = over = by_loop = 0
    for turn in turns:
        bound_ns = turn.error_bound_ns
        if bound_ns is not None and bound_ns > ERROR_LIMIT_NS:
            over += 1
        elif not is_measured(turn):
            continue
        elif bound_ns is None:
            unknown += 1
        else:
            known_ns.append(bound_ns)
            by_loop += bool(turn.processing_delay_ns)
    if not known_ns:
        return ErrorBounds(n=0, unknown=unknown, over=over)
    bounds_ms = np.array(known_ns) / NS_PER_MS
    p50, p99 = np.percentile(bounds_ms, (50, 99), method="inverted_cdf")
    return ErrorBounds(
        n=len(known_ns),
        unknown=unknown,
        over=over,
        p50_ms=float(p50),
        p99_ms=float(p99),
        max_ms=float(bounds_ms.max()),
        by_loop=by_loop,
    )


def held_to_limit(run: Run) -> Run:
    """Return a run in which turns that may be wrong by more than the limit are void."""
    if not any(_must_be_void(turn) for turn in run.turns):
        return run
    return replace(run, turns=tuple(_void(t) if _must_be_void(t) else t for t in run.turns))


def _must_be_void(turn: TurnRecord) -> bool:
    bound_ns = turn.error_bound_ns
    return is_measured(turn) and bound_ns is not None and bound_ns > ERROR_LIMIT_NS


def _void(turn: TurnRecord) -> TurnRecord:
    bound_ns = turn.error_bound_ns or 0
    words = f"its latency may be wrong by {bound_ns / NS_PER_MS:.1f} ms through us"
    fault = Fault(Party.OURS, Phase.PLAYOUT, _CODE, words)
    return replace(turn, status=TurnStatus.VOID, fault=fault)
