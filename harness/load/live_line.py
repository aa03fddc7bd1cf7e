"""The line that keeps up with a run without a page: how far it is, how well it goes, what is left.

Percentiles and validity are those of the live page: the functions of the report, over what fits
into bounded memory.
"""

import sys

from harness.analysis import has_failed, is_ours
from harness.clock import now_ns
from harness.errors import NO_FREE_CALLER
from harness.load.monitoring.latencies import LiveLatencies
from harness.load.monitoring.recent_run import RecentRun
from harness.model import NS_PER_S, RunManifest, TurnRecord, TurnStatus
from harness.recording import Batch

_EVERY_NS, _TERMINAL_EVERY_NS = 10 * NS_PER_S, 2 * NS_PER_S
# Judging takes some milliseconds and more the longer a run is: at most a twentieth of the time.
_REST = 20
_WIDTH = 100


class LiveLine:
    """One line on stderr: rewritten on a terminal, every ten seconds elsewhere.

    Args:
        manifest: What was asked for.
        run_s: How long the run takes, `None` where its calls decide.
    """

    def __init__(self, manifest: RunManifest, run_s: float | None) -> None:
        self._calls, self._run_s = manifest.calls_planned, run_s
        self._latencies, self._recent = LiveLatencies(), RecentRun(manifest)
        self._turns = self._failed = self._spoiled = self._dropped = 0
        self._done: set[str] = set()
        self._started_ns = self._shown_ns = now_ns()
        self._terminal = sys.stderr.isatty()
        self._every_ns = _TERMINAL_EVERY_NS if self._terminal else _EVERY_NS

    def take(self, batch: Batch) -> None:
        """Count what happened, and show it every so often."""
        self._latencies.add(batch.turns)
        self._recent.take(batch)
        for turn in batch.turns:
            self._count(turn)
        self._done.update(session.session_id for session in batch.sessions)
        began_ns = now_ns()
        if began_ns - self._shown_ns >= self._every_ns:
            self._print()
            self._shown_ns = now_ns() + (now_ns() - began_ns) * _REST

    def _count(self, turn: TurnRecord) -> None:
        if turn.status is TurnStatus.DROPPED and turn.turn_index == 0:
            # Its call never began, and has no session.
            self._done.add(turn.session_id)
        if turn.fault is not None and turn.fault.code == NO_FREE_CALLER:
            self._dropped += 1
            return
        self._turns += 1
        self._spoiled += is_ours(turn)
        self._failed += has_failed(turn) and not is_ours(turn)

    def _print(self) -> None:
        line = self.text()
        ending = "\r" if self._terminal else "\n"
        print(f"{line:<{_WIDTH}}" if self._terminal else line, end=ending, file=sys.stderr)
        sys.stderr.flush()

    def text(self) -> str:
        """Return the line as it is now."""
        elapsed_s = (now_ns() - self._started_ns) / NS_PER_S
        planned = "" if self._calls is None else f"/{self._calls}"
        parts = [
            _clock(elapsed_s),
            f"calls {len(self._done)}{planned}",
            f"turns {self._turns}",
            self._percentiles(),
            f"failed {self._failed}",
        ]
        parts += [f"spoiled by us {self._spoiled}"] if self._spoiled else []
        parts += [f"dropped calls {self._dropped}"] if self._dropped else []
        parts.append(self._recent.validity().state.value if self._turns else "no turn yet")
        left_s = self._left_s(elapsed_s)
        parts += [] if left_s is None else [f"about {_clock(left_s)} left"]
        return "  ".join(parts)

    def _percentiles(self) -> str:
        """Return P50 and P95 of all turns, and a hyphen for what their number cannot support."""
        found = self._latencies.percentiles(self._latencies.shown[0], self._latencies.strata())
        shown = [
            f"P{name} {'-' if one.value_ms is None else f'{one.value_ms:.0f} ms'}"
            for name, one in zip((50, 95), found, strict=False)
        ]
        return " ".join(shown)

    def _left_s(self, elapsed_s: float) -> float | None:
        """Estimate what is left: by time, or by the pace of the calls that have ended."""
        by_time = None if self._run_s is None else max(0.0, self._run_s - elapsed_s)
        by_calls = None
        if self._calls is not None and self._done:
            by_calls = elapsed_s / len(self._done) * max(0, self._calls - len(self._done))
        known = [left_s for left_s in (by_time, by_calls) if left_s is not None]
        return min(known) if known else None


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
