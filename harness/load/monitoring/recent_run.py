"""The latest records of a run that goes on, judged as the report judges a whole one."""

from collections import deque
from dataclasses import replace

from harness.analysis import Validity, held_to_limit, judge_validity
from harness.model import Run, RunEvent, RunEventKind, RunManifest, SessionRecord, TurnRecord
from harness.recording import Batch, Histogram

LATEST_TURNS = 2_000
_LATEST_SESSIONS = 1_000
_LATEST_EVENTS = 200
_ENDED = RunEvent(kind=RunEventKind.FINISHED, at_ns=0)


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
        # What is still to come cannot be missing yet.
        self._manifest = replace(manifest, calls_planned=None, turns_planned=None)
        self._turns: deque[TurnRecord] = deque()
        self._sessions: deque[SessionRecord] = deque()
        self._events: deque[RunEvent] = deque(maxlen=_LATEST_EVENTS)
        self._incomplete: set[str] = set()
        self.send_lateness, self.loop_lag = Histogram(), Histogram()

    def take(self, batch: Batch) -> None:
        """Take what happened since the last time."""
        self._turns.extend(batch.turns)
        while len(self._turns) > LATEST_TURNS:
            self._incomplete.add(self._turns.popleft().session_id)
        self._sessions.extend(batch.sessions)
        while len(self._sessions) > _LATEST_SESSIONS:
            self._incomplete.discard(self._sessions.popleft().session_id)
        self._events.extend(batch.events)
        for tag, total in (("send_lateness", self.send_lateness), ("loop_lag", self.loop_lag)):
            if tag in batch.histograms:
                total.merge(batch.histograms[tag])

    def judge(self) -> Validity:
        """Judge the run as if it ended now."""
        # Of a session whose first turns have been let go of, some would be thought missing.
        whole = tuple(s for s in self._sessions if s.session_id not in self._incomplete)
        run = Run(
            manifest=self._manifest,
            turns=tuple(self._turns),
            sessions=whole,
            events=(*self._events, _ENDED),
            send_lateness=self.send_lateness.summary(),
            loop_lag=self.loop_lag.summary(),
        )
        return judge_validity(held_to_limit(run))
