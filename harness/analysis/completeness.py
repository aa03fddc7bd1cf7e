"""Planned beside done: calls, turns and workers that a run was to have and did not.

What is missing is not a random part: a run without its calls under load, or without the turns
after a timeout, looks better than it was.
"""

from collections import Counter
from dataclasses import dataclass

from harness.analysis.failures import has_failed, is_ours
from harness.errors import Party
from harness.model import Run, RunEventKind, TurnStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """What a run was to do and what became of it.

    Attributes:
        calls_planned: Calls of the schedule; `None` when time decided.
        calls_held: Calls that were begun and have ended, with any outcome.
        calls_dropped: Calls that have a turn saying why they never started.
        turns_planned: Turns of the whole schedule, or where time decided of the calls held.
        turns_missing: Turns of calls held that have no record, and nothing that the API or the
            network did tells why.
        turns_cut: Turns of calls held that have no record because their call ended early.
        dropped: Turns that never started because of us, by the code of their fault.
        workers_lost: Load workers that ended in the middle of the run.
        clock_steps: How often the clock made a step.
        finished: The run ended by itself or was asked to.
        frames_intended: Audio frames that the pacing plans asked for.
        frames_sent: Audio frames that went out.
    """

    calls_planned: int | None
    calls_held: int
    calls_dropped: int
    turns_planned: int
    turns_missing: int
    turns_cut: int
    dropped: dict[str, int]
    workers_lost: int
    clock_steps: int
    finished: bool
    frames_intended: int
    frames_sent: int

    @property
    def calls_missing(self) -> int:
        """Calls of the schedule that nothing is known of."""
        known = self.calls_held + self.calls_dropped
        return 0 if self.calls_planned is None else max(0, self.calls_planned - known)

    @property
    def frames_share(self) -> float | None:
        """The part of the intended frames that was sent; `None` when none was intended."""
        return self.frames_sent / self.frames_intended if self.frames_intended else None


def completeness(run: Run) -> Completeness:
    """Compare what was planned with what was recorded."""
    rows = Counter(turn.session_id for turn in run.turns)
    spoiled = {t.session_id for t in run.turns if has_failed(t) and not is_ours(t)}
    missing = cut = 0
    for session in run.sessions:
        unrecorded = max(0, session.turns_planned - rows[session.session_id])
        fault = session.fault
        if (fault is not None and fault.party is not Party.OURS) or session.session_id in spoiled:
            cut += unrecorded
        elif run.manifest.calls_planned is not None:
            # A run that lasts for a time ends in the middle of calls, as it was asked to.
            missing += unrecorded
    held = {session.session_id for session in run.sessions}
    unheld = Counter(turn.session_id for turn in run.turns if turn.session_id not in held)
    planned = run.manifest.turns_planned
    if planned is None:
        planned = sum(s.turns_planned for s in run.sessions) + sum(unheld.values())
    dropped = [turn for turn in run.turns if turn.status is TurnStatus.DROPPED]
    happened = Counter(event.kind for event in run.events)
    codes = Counter(turn.fault.code for turn in dropped if turn.fault and is_ours(turn))
    if run.manifest.calls_planned is None:
        # A run that lasts for a time ends in the middle of calls, as it was asked to.
        codes.pop("stopped", None)
    return Completeness(
        calls_planned=run.manifest.calls_planned,
        calls_held=len({session.call_number for session in run.sessions}),
        calls_dropped=len({turn.session_id for turn in dropped} - held),
        turns_planned=planned,
        turns_missing=missing,
        turns_cut=cut,
        dropped=dict(codes.most_common()),
        workers_lost=happened[RunEventKind.WORKER_LOST],
        clock_steps=happened[RunEventKind.CLOCK_STEP],
        finished=happened[RunEventKind.FINISHED] > 0,
        frames_intended=sum(session.frames_intended for session in run.sessions),
        frames_sent=sum(session.frames_sent for session in run.sessions),
    )
