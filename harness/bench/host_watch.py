"""When the machine itself paused: a small program on each core, beside what is measured.

On a machine that is shared, the host takes a core away for some tens of milliseconds now and then.
Whatever is measured meanwhile is late, and no program on that core could have done anything about
it. The watchers (`watcher`) sleep to deadlines a few milliseconds apart and record those that they
missed. Where the system allows it they run at a higher priority than every other program; elsewhere
a busy program on the same core delays them too, by some milliseconds.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from harness.bench import machine
from harness.bench.native_program import native_program
from harness.environment import for_child
from harness.model import NS_PER_MS

PAUSE_MS = 20.0
"""The host paused when a watcher was late by more than this."""

LEVELS_MS = (5.0, 10.0, PAUSE_MS)
"""Delays are counted beyond each of these."""

_PERIOD_US = 2_000
_LEAST_US = 5_000
_END_LIMIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Delay:
    """A deadline that a watcher was late for.

    Attributes:
        core: Which core it was kept on, `None` for any.
        due_ns: The deadline, on the monotonic clock.
        late_ms: How late it ran.
    """

    core: int | None
    due_ns: int
    late_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the watchers saw in one interval.

    Attributes:
        beyond: How many delays were longer than each of `LEVELS_MS`.
        longest_ms: The longest delay of more than 5 ms, 0 when there was none.
    """

    beyond: tuple[int, ...]
    longest_ms: float

    @property
    def paused(self) -> bool:
        """Whether the host paused."""
        return self.longest_ms > PAUSE_MS


class HostWatch:
    """Watchers, one a core, from entering it until leaving it.

    Args:
        cores: The cores; empty for one watcher on any core.

    Attributes:
        note: Why the watchers are no native programs, empty where they are.
    """

    def __init__(self, cores: Sequence[int]) -> None:
        self._cores: tuple[int | None, ...] = tuple(cores) or (None,)
        program = native_program("watcher")
        self.note = program if isinstance(program, str) else ""
        self._watchers: list[_Watcher] = []

    def __enter__(self) -> "HostWatch":
        self._watchers = [_Watcher(core) for core in self._cores]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for watcher in self._watchers:
            watcher.close()
        self._watchers = []

    def between(self, from_ns: int, until_ns: int) -> Watched:
        """Return what was seen between two instants of the monotonic clock."""
        delays = [delay for watcher in self._watchers for delay in watcher.delays()]
        return summarise(delays, from_ns, until_ns)


class _Watcher:
    """One watcher and what it has written so far."""

    def __init__(self, core: int | None) -> None:
        self._core = core
        # A file, since nobody reads while something is measured, and a pipe would fill.
        self._written = tempfile.TemporaryFile()  # noqa: SIM115
        words = [sys.executable, "-m", "harness.bench.watcher", str(_PERIOD_US), str(_LEAST_US)]
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=self._written,
            env=for_child(),
            start_new_session=True,
        )
        if core is not None:
            machine.pin(self._process.pid, core)

    def delays(self) -> list[Delay]:
        """Return all delays so far, in order; a line that is being written is left out."""
        # Not by seeking: the watcher writes where the file's one position is.
        descriptor = self._written.fileno()
        written = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        *lines, _ = written.split(b"\n")
        pairs = (line.split() for line in lines)
        return [Delay(self._core, int(due), int(late) / NS_PER_MS) for due, late in pairs]

    def close(self) -> None:
        """End it."""
        try:
            self._process.communicate(timeout=_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._written.close()


def summarise(delays: Sequence[Delay], from_ns: int, until_ns: int) -> Watched:
    """Return how many delays touched an interval, and the longest."""
    late_ms = [
        delay.late_ms
        for delay in delays
        if delay.due_ns < until_ns and delay.due_ns + delay.late_ms * NS_PER_MS > from_ns
    ]
    return Watched(
        beyond=tuple(sum(late > level for late in late_ms) for level in LEVELS_MS),
        longest_ms=max(late_ms, default=0.0),
    )
