"""The latest records of a run that goes on, judged as the report judges a whole one."""

from collections import deque
from dataclasses import replace

from harness.analysis import Validity, assess_validity, held_to_limit
from harness.model import Run, RunEvent, RunEventKind, RunManifest, SessionRecord, TurnRecord
from harness.recording import Batch, Histogram

LATEST_TURNS = 2_000
_LATEST_SESSIONS = 1_000
_LATEST_EVENTS = 200
_PROBES = 1_000


class RecentRun:
    """What the validity of a run rests on, in bounded memory.

    Frame lateness and events are of the whole run; turns and sessions are the latest.

    Args:
        manifest: What was asked for.

    Attributes:
        send_lateness: How late audio frames left.
        loop_lag: How late the event loop woke up.
    """

    def __init__(self, manifest: RunManifest) -> None:
        self._manifest = manifest
        self._turns: deque[TurnRecord] = deque()
        self._sessions: deque[SessionRecord] = deque()
        self._events: deque[RunEvent] = deque(maxlen=_LATEST_EVENTS)
        # They come first, and the run needs them to its end.
        self._probes: deque[RunEvent] = deque(maxlen=_PROBES)
        self._finished, self._whole = False, True
        self._incomplete: set[str] = set()
        self.send_lateness, self.loop_lag = Histogram(), Histogram()

    def take(self, batch: Batch) -> None:
        """Take what happened since the last time."""
        self._turns.extend(batch.turns)
        self._whole &= len(self._turns) <= LATEST_TURNS
        while len(self._turns) > LATEST_TURNS:
            self._incomplete.add(self._turns.popleft().session_id)
        self._sessions.extend(batch.sessions)
        self._whole &= len(self._sessions) <= _LATEST_SESSIONS
        while len(self._sessions) > _LATEST_SESSIONS:
            self._incomplete.discard(self._sessions.popleft().session_id)
        for event in batch.events:
            (self._events if event.network is None else self._probes).append(event)
            self._finished |= event.kind is RunEventKind.FINISHED
        for tag, total in (("send_lateness", self.send_lateness), ("loop_lag", self.loop_lag)):
            if tag in batch.histograms:
                total.merge(batch.histograms[tag])

    def validity(self) -> Validity:
        """Assess the run by what it has so far; what is still to come is not missing."""
        # Of a session whose first turns were dropped here, some would count as missing.
        whole = tuple(s for s in self._sessions if s.session_id not in self._incomplete)
        manifest = self._manifest
        if not self._finished or not self._whole:
            manifest = replace(manifest, calls_planned=None, turns_planned=None)
        run = Run(
            manifest=manifest,
            turns=tuple(self._turns),
            sessions=whole,
            events=(*self._probes, *self._events),
            send_lateness=self.send_lateness.summary(),
            loop_lag=self.loop_lag.summary(),
        )
        return assess_validity(held_to_limit(run), goes_on=not self._finished)
