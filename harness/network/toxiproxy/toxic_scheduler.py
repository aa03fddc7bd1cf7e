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
        "_scheduler",
        "active",
        "changes",
        "failures",
        "first_frame_ns",
        "impairment",
        "next",
    )

    def __init__(
        self, scheduler: "ToxicScheduler", impairment: "Impairment", changes: Iterator[Change]
    ) -> None:
        self._scheduler, self.impairment, self.changes = scheduler, impairment, changes
        self.first_frame_ns = 0
        self.failures = 0
        self.active = False
        self.next: tuple[int, bytes] | None = None

    def advance(self) -> bool:
        """Move to the next change; `False` when there is none."""
        found = next(self.changes, None)
        if found is None:
            self.next = None
            return False
        at_ms, request = found
        self.next = (self.first_frame_ns + round(at_ms * NS_PER_MS), request)
        return True

    def done(self, good: bool) -> None:
        """Report whether the current change was carried out."""
        if self.active and self.next is not None:
            self._scheduler.done(self, self.next[0], good=good)


class Impairment:
    """What the network does to one session in the course of the call.

    `NetworkLayer.impairment` makes it. Call `begin` when the session's frames are due and `end`
    when it is over, both on the loop's thread; for a network that does not change they do nothing.
    """

    def __init__(
        self, scheduler: "ToxicScheduler", session_id: str, plans: Sequence[Iterator[Change]]
    ) -> None:
        self.session_id = session_id
        self._scheduler = scheduler
        self._timelines = [_ToxicTimeline(scheduler, self, plan) for plan in plans]

    def begin(self, loop: asyncio.AbstractEventLoop, first_frame_ns: int) -> None:
        """Start the schedule; it continues even if the connection is lost.

        Args:
            loop: The running loop.
            first_frame_ns: When the session's first frame is due.
        """
        for timeline in self._timelines:
            if not timeline.active:
                timeline.first_frame_ns = first_frame_ns
                timeline.active = True
                self._scheduler.add(timeline, loop)

    def overdue(self, tolerance_ns: int) -> list[tuple[int, int]]:
        """Return the intervals, up to now, of pending changes that are late by more than this."""
        at_ns = now_ns()
        waiting = [timeline.next for timeline in self._timelines if timeline.active]
        return [(due[0], at_ns) for due in waiting if due and at_ns - due[0] > tolerance_ns]

    def end(self) -> None:
        """Carry out no further changes; idempotent, also before `begin`."""
        for timeline in self._timelines:
            if timeline.active:
                timeline.active = False
                self._scheduler.drop()


class ToxicScheduler:
    """Sends every change of every session when it is due.

    Args:
        api: The Toxiproxy to send them to.
        log: Records each change.
    """

    def __init__(self, api: ApiAddress, log: UpdateLog) -> None:
        self._api, self._log = api, log
        self._due: list[tuple[int, int, _ToxicTimeline]] = []
        self._order = 0
        self._playing = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._updates: ToxicClient | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ns = 0
        self.lost = False

    def add(self, timeline: _ToxicTimeline, loop: asyncio.AbstractEventLoop) -> None:
        """Start carrying out a timeline."""
        if self._loop is not loop:
            self._loop, self._updates, self._timer, self._due = loop, None, None, []
            self._playing = 0
        if self._updates is None:
            self._updates = ToxicClient(self._api, loop)
        self._playing += 1
        if timeline.advance():
            self._push(timeline)
            self._arm()

    def drop(self) -> None:
        """Count one timeline fewer; after the last one the connections are closed."""
        self._playing -= 1
        if self._playing == 0:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._updates is not None:
                self._updates.close()
                self._updates = None
            self._due.clear()

    def _push(self, timeline: _ToxicTimeline, due_ns: int | None = None) -> None:
        assert timeline.next is not None
        self._order += 1
        heapq.heappush(
            self._due, (timeline.next[0] if due_ns is None else due_ns, self._order, timeline)
        )

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
            timeline = heapq.heappop(self._due)[2]
            if timeline.active and timeline.next is not None and self._updates is not None:
                self._updates.send(timeline.next[1], timeline.done)
        self._arm()

    def done(self, timeline: _ToxicTimeline, planned_ns: int, *, good: bool) -> None:
        """Record a change, then schedule the timeline's next one or a retry."""
        at_ns = now_ns()
        self._log.record(timeline.impairment.session_id, planned_ns, at_ns, good=good)
        if good:
            timeline.failures = 0
            if not timeline.advance():
                return
            self._push(timeline)
        else:
            timeline.failures += 1
            if timeline.failures >= _PATIENCE:
                self.lost = True
                return
            self._push(timeline, at_ns + _RETRY_NS)
        self._arm()
