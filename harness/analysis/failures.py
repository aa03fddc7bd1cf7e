"""How many turns the API failed, as a rate with its interval.

A response that was heard and then broke off is a failure that has a latency. A turn that ended
because of us says nothing about the API: it is in neither number of the rate, and is counted where
the run's validity is judged.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from harness.analysis.intervals import effective_n, wilson
from harness.errors import Party
from harness.model import TurnRecord, TurnStatus

ANSWERED = (TurnStatus.COMPLETED, TurnStatus.PREMATURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRate:
    """Share of turns without a response that was heard and did not break off.

    Attributes:
        failed: Turns that timed out, got no response, failed, broke off, were cut off or never
            started.
        n: Turns that count, the failed ones included.
        n_eff: Independent turns they are worth.
        value: The rate; `None` when it is not known, and then `why` says so.
        low: Lower end of the 95 % Wilson interval.
        high: Upper end.
        why: Why something is missing.
    """

    failed: int
    n: int
    n_eff: float | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""


def has_failed(turn: TurnRecord) -> bool:
    """Return whether the turn failed, no matter through whom."""
    return turn.status not in ANSWERED


def is_ours(turn: TurnRecord) -> bool:
    """Return whether the turn went wrong through us: spoiled, cut off or never begun by us."""
    if not has_failed(turn):
        return False
    return turn.status is TurnStatus.VOID or (
        turn.fault is not None and turn.fault.party is Party.OURS
    )


def failure_rate(turns: Iterable[TurnRecord]) -> FailureRate:
    """Count the turns that the API failed."""
    counted = [turn for turn in turns if not is_ours(turn)]
    if not counted:
        return FailureRate(failed=0, n=0, why="no turn was measured")
    failed = np.array([has_failed(turn) for turn in counted])
    numbers: dict[str, int] = {}
    clusters = [numbers.setdefault(turn.session_id, len(numbers)) for turn in counted]
    n_eff = effective_n(failed, np.array(clusters, dtype=np.int64))
    count, n, value = int(failed.sum()), len(counted), float(failed.mean())
    if n_eff is None:
        why = f"needs more than 1 session: how alike the {n} turns of one are cannot be known"
        return FailureRate(failed=count, n=n, value=value, why=why)
    low, high = wilson(value, n_eff)
    return FailureRate(failed=count, n=n, n_eff=n_eff, value=value, low=low, high=high)
