"""Which turns are worth listening to: the slowest, those that failed, those answered too early."""

import heapq
from collections import defaultdict

from harness.analysis.failures import has_failed, is_ours
from harness.analysis.metrics import headline_of, turn_latency
from harness.model import RecordedFor, TurnRecord, TurnStatus


def badness(turn: TurnRecord) -> tuple[RecordedFor, float] | None:
    """Return what is bad about a turn and how bad; `None` for one that we spoiled.

    Of turns that failed the earlier is worse: how a target began to fail says more than how it
    went on. Of premature ones the earlier response, in the slowest the longer latency.
    """
    if is_ours(turn) or turn.status is TurnStatus.DROPPED:
        return None
    if has_failed(turn):
        end_ns = turn.at.speech_end_ns
        return None if end_ns is None else (RecordedFor.FAILED, -float(end_ns))
    latency = turn_latency(headline_of([turn]), turn)
    if latency is None:
        return None
    if turn.status is TurnStatus.PREMATURE:
        return RecordedFor.PREMATURE, -latency.ms
    return RecordedFor.SLOWEST, latency.ms


class WorstTurns:
    """The worst so many of each kind among all that were offered, in whatever order.

    Args:
        most: How many of each kind.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[RecordedFor, list[tuple[float, str]]] = defaultdict(list)

    def offer(self, why: RecordedFor, rank: float, name: str) -> str | None:
        """Offer a turn and return whose place it takes: its own name where it is not kept.

        Args:
            why: What is bad about it.
            rank: How bad.
            name: Of the turn, unique; decides between equals.

        Returns:
            The name that is no longer among the worst, `None` while there is room for all.
        """
        kept = self._kept[why]
        if len(kept) < self._most:
            heapq.heappush(kept, (rank, name))
            return None
        return heapq.heappushpop(kept, (rank, name))[1]
