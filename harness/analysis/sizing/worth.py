"""What a number of held calls is worth, by the lengths of a run's own calls."""

from collections.abc import Iterable

from harness.analysis.rounding import rounded
from harness.analysis.sizing.erlang import calls_per_hour
from harness.model import NS_PER_S, SessionRecord
from harness.model.capacity_document import CapacityWorth, FoundLimit

BLOCKING = 0.01
"""One call in a hundred may find no place, as telephone networks are sized."""


def worth(limit: FoundLimit | None, sessions: Iterable[SessionRecord]) -> CapacityWorth | None:
    """Return what the limit is worth; `None` where it is 0 or no call was held to its end.

    Args:
        limit: Of a search; the lower end of its interval counts.
        sessions: Of the run; a call that was cut off does not tell how long it would have lasted.
    """
    lengths = [
        (one.closed_ns - one.open_start_ns) / NS_PER_S
        for one in sessions
        if one.fault is None
        and one.ready_ns is not None
        and one.open_start_ns is not None
        and one.closed_ns is not None
    ]
    if limit is None or limit.low < 1 or not sum(lengths):
        return None
    call_s = sum(lengths) / len(lengths)
    return CapacityWorth(
        places=limit.low,
        call_s=rounded(call_s),
        blocking=BLOCKING,
        calls_per_hour=rounded(calls_per_hour(limit.low, call_s, BLOCKING), 1),
    )
