"""Carrying out stall schedules while calls run: one heap of deadlines for all sessions.

Everything here happens on the thread of the loop that `begin` was given, which is the one that
sends audio: no task per session, no task per change, nothing that blocks.
"""

import asyncio
import heapq
from collections.abc import Iterator, Sequence

from harness.clock import now_ns
from harness.model import NS_PER_MS, NS_PER_S
from harness.network.toxiproxy.toxic_client import ApiAddress, ToxicClient
from harness.network.toxiproxy.update_log import UpdateLog

_EARLY_NS = NS_PER_MS // 2
_PATIENCE = 3
_RETRY_NS = 100 * NS_PER_MS

# Time since the call's first frame in milliseconds, and a request ready to be written.
Change = tuple[float, bytes]


class _ToxicTimeline:
    """The changes of one toxic of one session, one at a time and in order."""

    __slots__ = (
        "_conductor",
        "active",
        "changes",
        "failures",
        "first_frame_ns",
        "impairment",
        "next",
    )

    def __init__(
        self, conductor: "ToxicScheduler", impairment: "Impairment", changes: Iterator[Change]
    ) -> None:
        self._conductor, self.impairment, self.changes = conductor, impairment, changes
        self.first_frame_ns = 0
        self.failures = 0
        self.active = False
        self.next: tuple[int, bytes] | None = None

    def advance(self) -> bool:
        """Turn to the next change; `False` when there is none."""
        found = next(self.changes, None)
        if found is None:
            self.next = None
            return False
        at_ms, request = found
        self.next = (self.first_frame_ns + round(at_ms * NS_PER_MS), request)
        return True

    def done(self, good: bool) -> None:
        """Hear whether the change was carried out."""
        if self.active and self.next is not None:
            self._conductor.done(self, self.next[0], good=good)


class Impairment:
    """What the network does to one session in the course of the call.

    `NetworkLayer.impairment` makes it. Call `begin` when the session's frames are due and `end`
    when it is over, both on the loop's thread; for a network that stays as it is they do nothing.
    """

    def __init__(
        self, conductor: "ToxicScheduler", session_id: str, plans: Sequence[Iterator[Change]]
    ) -> None:
        self.session_id = session_id
        self._conductor = conductor
        self._lanes = [_ToxicTimeline(conductor, self, plan) for plan in plans]

    def begin(self, loop: asyncio.AbstractEventLoop, first_frame_ns: int) -> None:
        """Start the schedule; once started it goes on, whatever becomes of the connection.

        Args:
            loop: The running loop.
            first_frame_ns: When the session's first frame is due.
        """
        for lane in self._lanes:
            if not lane.active:
                lane.first_frame_ns = first_frame_ns
                lane.active = True
                self._conductor.add(lane, loop)

    def overdue(self, tolerance_ns: int) -> list[tuple[int, int]]:
        """Return since when changes are due that are late already, each until now."""
        at_ns = now_ns()
        waiting = [lane.next for lane in self._lanes if lane.active]
        return [(due[0], at_ns) for due in waiting if due and at_ns - due[0] > tolerance_ns]

    def end(self) -> None:
        """Carry out nothing more; idempotent, also before `begin`."""
        for lane in self._lanes:
            if lane.active:
                lane.active = False
                self._conductor.drop()


class ToxicScheduler:
    """Sends every change of every session at its moment.

    Args:
        api: The Toxiproxy to send them to.
        ledger: Where they are entered.
    """

    def __init__(self, api: ApiAddress, ledger: UpdateLog) -> None:
        self._api, self._ledger = api, ledger
        self._due: list[tuple[int, int, _ToxicTimeline]] = []
        self._order = 0
        self._playing = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._updates: ToxicClient | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ns = 0
        self.lost = False

    def add(self, lane: _ToxicTimeline, loop: asyncio.AbstractEventLoop) -> None:
        """Play a lane from now on."""
        if self._loop is not loop:
            self._loop, self._updates, self._timer, self._due = loop, None, None, []
            self._playing = 0
        if self._updates is None:
            self._updates = ToxicClient(self._api, loop)
        self._playing += 1
        if lane.advance():
            self._push(lane)
            self._arm()

    def drop(self) -> None:
        """One lane fewer; with the last one the connections are closed."""
        self._playing -= 1
        if self._playing == 0:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._updates is not None:
                self._updates.close()
                self._updates = None
            self._due.clear()

    def _push(self, lane: _ToxicTimeline, due_ns: int | None = None) -> None:
        assert lane.next is not None
        self._order += 1
        heapq.heappush(self._due, (lane.next[0] if due_ns is None else due_ns, self._order, lane))

    def _arm(self) -> None:
        assert self._loop is not None
        if not self._due:
            return
        due_ns = self._due[0][0]
        if self._timer is not None:
            if self._timer_ns <= due_ns:
                return
            self._timer.cancel()
        self._timer_ns = due_ns
        wait_s = max(0, due_ns - now_ns()) / NS_PER_S
        self._timer = self._loop.call_later(wait_s, self._run)

    def _run(self) -> None:
        self._timer = None
        while self._due and self._due[0][0] <= now_ns() + _EARLY_NS:
            lane = heapq.heappop(self._due)[2]
            if lane.active and lane.next is not None and self._updates is not None:
                self._updates.send(lane.next[1], lane.done)
        self._arm()

    def done(self, lane: _ToxicTimeline, planned_ns: int, *, good: bool) -> None:
        """Enter a change, and turn to the lane's next one or try again."""
        at_ns = now_ns()
        self._ledger.note(lane.impairment.session_id, planned_ns, at_ns, good=good)
        if good:
            lane.failures = 0
            if not lane.advance():
                return
            self._push(lane)
        else:
            lane.failures += 1
            if lane.failures >= _PATIENCE:
                self.lost = True
                return
            self._push(lane, at_ns + _RETRY_NS)
        self._arm()
