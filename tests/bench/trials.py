"""What the clients of a capacity measurement find, made up."""

from collections.abc import Callable
from typing import Any

from harness.bench.client_trials import ClientTrials, Sample
from harness.bench.findings import AccuracyFinding, CapacityFinding
from harness.bench.host_watch import Watched


class Pauses:
    """A watch that tells of pauses, one after another and then of none."""

    def __init__(self, *longest_ms: float) -> None:
        self._longest_ms = list(longest_ms)

    def between(self, from_ns: int, until_ns: int) -> Watched:
        longest_ms = self._longest_ms.pop(0) if self._longest_ms else 0.0
        return Watched(beyond=(0, 0, 0), longest_ms=longest_ms)


def sample(sessions: int = 10, **other: object) -> Sample:
    """Return a trial that held, but for what is said."""
    return {
        "sessions": sessions,
        "sessions_lost": 0,
        "frames_sent": 1000,
        "frames_intended": 1000,
        "late_p50_ms": 0.1,
        "late_p99_ms": 1.0,
        "late_p999_ms": 2.0,
        "cpu_s": 0.5,
        "window_s": 2.0,
        "resident_kb": 50_000 + 40 * sessions,
        "kb_per_session": 60.0,
        "open_s": 0.1,
        "from_ns": 0,
        "until_ns": 1,
        **other,
    }


def trials(
    name: str, start: int, ask: Callable[[int, float], Sample], pauses: Pauses | None = None
) -> ClientTrials:
    """Return a client that answers with what `ask` returns."""
    return ClientTrials(name, start, ask, seconds=2.0, watch=pauses)


def capacity_finding(**other: Any) -> CapacityFinding:
    """Return what was found on a good day, but for what is said."""
    found: dict[str, Any] = {
        "frame_ms": 20,
        "sessions": 1000,
        "confirmed": True,
        "held_s": 60.0,
        "not_held": (),
        "late_p50_ms": 0.1,
        "late_p99_ms": 1.0,
        "late_p999_ms": 2.0,
        "late_max_ms": 3.0,
        "missing": 0,
        "engine_late_p99_ms": 1.0,
        "engine_late_p999_ms": 1.6,
        "engine_missing": 0,
        "server_late_p99_ms": 1.1,
        "server_late_p999_ms": 2.1,
        "server_missing": 0,
        "plain_client_sessions": 250,
        "plain_confirmed": True,
        "ratio": 4.0,
        "compared_sessions": 250,
        "cpu_ms_per_session_s": 0.5,
        "plain_cpu_ms_per_session_s": 2.0,
        "kb_per_session": 40.0,
        "open_s": 0.5,
        "measurements": 12,
        "trials": (),
        "repeated": 0,
        "pauses": (0, 0, 0),
        "longest_pause_ms": 0.0,
        "watcher": "",
    }
    return CapacityFinding(**{**found, **other})


def no_accuracy(sessions: int, void: int = 0) -> AccuracyFinding:
    """Return what is found where no turn counts."""
    return AccuracyFinding(
        sessions=sessions,
        busy=False,
        turns=0,
        unsure=0,
        void=void,
        off=0,
        beyond_bound=0,
        bound_p50_ms=None,
        bound_p99_ms=None,
        error_p50_ms=None,
        error_p95_ms=None,
        error_p99_ms=None,
        worst_ms=None,
    )
