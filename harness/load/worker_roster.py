"""The master's record of its workers: who holds which calls, who has ended, who was lost."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Set

from harness.errors import Fault, Party, Phase, sanitised
from harness.load.share import Share
from harness.model import CallPlan, TurnInstants, TurnKind, TurnRecord, TurnStatus
from harness.recording import Batch


class WorkerRoster:
    """Workers that hold the calls of one run. They are known by Locust's client ids.

    Args:
        shares: Client id to the calls that the worker holds.
        calls: Calls in the schedule, `None` when time decides.
    """

    def __init__(self, shares: Mapping[str, Share], calls: int | None) -> None:
        self._shares, self._calls = dict(shares), calls
        self._idle: set[str] = set()
        self._ended: set[str] = set()
        self._lost: set[str] = set()
        self._begun: set[str] = set()
        self._turns: Counter[str] = Counter()
        self._held: set[str] = set()

    @property
    def idle(self) -> bool:
        """Whether no worker that is left has a call to hold."""
        return set(self._shares) <= self._idle | self._ended | self._lost

    @property
    def collected(self) -> bool:
        """Whether every worker that is left has sent its last batch."""
        return set(self._shares) <= self._ended | self._lost

    @property
    def whole(self) -> bool:
        """Whether no worker has been lost."""
        return not self._lost

    def is_lost(self, worker: str) -> bool:
        """Return whether a worker was lost, and its calls are recorded as dropped."""
        return worker in self._lost

    @property
    def preparing(self) -> bool:
        """Whether the only missing last batches are of workers that never sent any."""
        return not self._begun - self._ended - self._lost

    def note(self, worker: str, batch: Batch, *, idle: bool, last: bool) -> None:
        """Record what a batch says of its worker's calls.

        Args:
            worker: Who sent it.
            batch: What it recorded.
            idle: All calls of its share have ended.
            last: It sends no more.
        """
        self._begun.add(worker)
        for turn in batch.turns:
            self._turns[turn.session_id] += 1
            if turn.status is TurnStatus.DROPPED:
                self._held.add(turn.session_id)
        for session in batch.sessions:
            self._held.add(session.session_id)
            self._turns.pop(session.session_id, None)
        if idle:
            self._idle.add(worker)
        if last:
            self._ended.add(worker)

    def newly_lost(
        self, present: Set[str], call: Callable[[int], CallPlan], limit_ms: float
    ) -> Iterator[tuple[str, list[TurnRecord]]]:
        """Yield what is to be recorded of workers that went without a last batch, each once.

        Args:
            present: Workers that still send heartbeats to Locust.
            call: Returns a call of the schedule.
            limit_ms: How long a caller waits for a response.

        Yields:
            What happened in words, and a dropped turn for every call that did not come to its
            end; none when time decides how many calls there are.
        """
        lost = sorted(set(self._shares) - present - self._ended - self._lost)
        self._lost.update(lost)
        for worker in lost:
            name = sanitised(worker)
            turns = [
                dropped_turn(call(number), index, limit_ms, "worker_lost", name)
                for number, index in self._unheld(worker)
            ]
            words = f"worker {name} ended before its calls"
            if worker not in self._begun:
                words = f"worker {name} ended before it was ready"
            if turns:
                words += f"; {len(turns)} of its calls did not come to their end"
            yield words, turns

    def unbegun(self, call: Callable[[int], CallPlan], limit_ms: float) -> list[TurnRecord]:
        """Return a dropped turn for every call that the workers that are left did not begin.

        Args:
            call: Returns a call of the schedule.
            limit_ms: How long a caller waits for a response.
        """
        left = sorted(set(self._shares) - self._lost)
        why = "the run ended before this call began"
        return [
            dropped_turn(call(number), index, limit_ms, "run_ended", why)
            for worker in left
            for number, index in self._unheld(worker)
        ]

    def _unheld(self, worker: str) -> Iterator[tuple[int, int]]:
        """Yield the calls of a worker's share that have not ended, and their recorded turns."""
        share = self._shares[worker]
        for number in range(share.slot, self._calls or 0, share.slots):
            session_id = session_id_of(number)
            if session_id not in self._held:
                yield number, self._turns[session_id]


def session_id_of(number: int) -> str:
    """Return the id under which call `number` is recorded."""
    return f"call-{number:06d}"


def dropped_turn(
    plan: CallPlan,
    index: int,
    limit_ms: float,
    code: str,
    detail: str,
    scheduled_start_ns: int | None = None,
) -> TurnRecord:
    """Return the record of a planned turn that was never begun because of us.

    Args:
        plan: The call it belongs to.
        index: Which turn of the call.
        limit_ms: How long the caller would have waited for a response.
        code: Why, as a short stable name.
        detail: Why, in words.
        scheduled_start_ns: When the call was to begin, since run start, where that was planned.
    """
    condition, original_id = plan.condition(min(index, len(plan.utterance_ids) - 1))
    return TurnRecord(
        session_id=session_id_of(plan.number),
        turn_index=index,
        kind=TurnKind.FIRST if index == 0 else TurnKind.LATER,
        status=TurnStatus.DROPPED,
        network=plan.network,
        utterance_id=plan.utterance_ids[min(index, len(plan.utterance_ids) - 1)]
        if plan.utterance_ids
        else "",
        condition=condition,
        original_id=original_id,
        user_class=plan.user_class,
        limit_ms=limit_ms,
        at=TurnInstants(scheduled_start_ns=scheduled_start_ns),
        fault=Fault(Party.OURS, Phase.SETUP, code, detail),
    )
