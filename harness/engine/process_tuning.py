"""Disturbances of the audio thread from inside its own process, reduced and measured."""

import gc
import sys
from typing import Any

from harness.clock import now_ns, wall_time
from harness.model import NS_PER_MS
from harness.recording import Histogram

# Python hands the interpreter from thread to thread only this often; its own 5 ms is a quarter
# of a frame.
_SWITCH_INTERVAL_S = 0.0005
# A step beyond this is not the slow steering of a time service, which stays below 0.5 ms a second.
_CLOCK_STEP_MS = 50.0
_NEVER = 2**31 - 1


def tune_process() -> None:
    """Tune the process for audio: garbage collection skips what is loaded by now."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    gc.collect()
    gc.freeze()
    # A collection stops every thread for a third of a microsecond an object. Records and events
    # hold no cycles, so little at a time is enough, and what has lived on is not looked at again.
    gc.set_threshold(1_000, _NEVER, _NEVER)


class GarbagePauses:
    """Measures every garbage collection: while one runs, no thread of the process does."""

    def __init__(self) -> None:
        self._values = Histogram()
        self._started_ns: int | None = None

    def start(self) -> None:
        """Begin to measure."""
        gc.callbacks.append(self._collected)

    def stop(self) -> None:
        """Stop measuring; idempotent."""
        if self._collected in gc.callbacks:
            gc.callbacks.remove(self._collected)

    def take(self) -> Histogram:
        """Return the pauses since the last time."""
        values, self._values = self._values, Histogram()
        return values

    def _collected(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._started_ns = now_ns()
        elif self._started_ns is not None:
            self._values.record_ns(now_ns() - self._started_ns)
            self._started_ns = None


class ClockWatch:
    """Compares wall time with the monotonic clock; a step spoils what other machines stamp."""

    def __init__(self) -> None:
        self._apart_ms = self._difference_ms()

    def step_ms(self) -> float | None:
        """Return how far wall time stepped since the last call, `None` when it did not."""
        apart_ms = self._difference_ms()
        stepped_ms, self._apart_ms = apart_ms - self._apart_ms, apart_ms
        return stepped_ms if abs(stepped_ms) > _CLOCK_STEP_MS else None

    def _difference_ms(self) -> float:
        return wall_time().timestamp() * 1000 - now_ns() / NS_PER_MS
