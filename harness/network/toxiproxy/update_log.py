"""Log of toxic updates: when each was planned and when Toxiproxy carried it out."""

from array import array
from dataclasses import dataclass, field

import numpy as np

from harness.model import NS_PER_MS, UpdateStats

_MARKS_KEPT = 1000


@dataclass(slots=True)
class UpdateLog:
    """All toxic updates of one process.

    Attributes:
        tolerance_ns: Lag from which an update counts as late.
        planned: Updates that were attempted.
        failed: Updates that Toxiproxy did not carry out.
        marks: By session, the intervals in which its network was not in the planned state.
    """

    tolerance_ns: int
    planned: int = 0
    failed: int = 0
    marks: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    _lags_ms: "array[float]" = field(default_factory=lambda: array("f"))

    def record(self, session_id: str, planned_ns: int, done_ns: int, *, good: bool) -> None:
        """Record one update.

        Args:
            session_id: Whose network was changed.
            planned_ns: When it was to be changed.
            done_ns: When Toxiproxy had done it, or had failed to.
            good: Whether it was carried out.
        """
        self.planned += 1
        lag_ns = done_ns - planned_ns
        if good:
            self._lags_ms.append(lag_ns / NS_PER_MS)
        else:
            self.failed += 1
        if not good or lag_ns > self.tolerance_ns:
            marks = self.marks.setdefault(session_id, [])
            if len(marks) < _MARKS_KEPT:
                marks.append((planned_ns, done_ns))

    def forget(self) -> None:
        """Discard everything recorded so far."""
        self.planned = self.failed = 0
        self.marks.clear()
        del self._lags_ms[:]

    def stats(self) -> UpdateStats:
        """Return counts and lag quantiles of the updates recorded so far."""
        lags_ms = np.array(self._lags_ms, dtype=np.float64)
        counts = {"planned": self.planned, "done": len(lags_ms), "failed": self.failed}
        if not len(lags_ms):
            return UpdateStats(**counts)
        p50, p99 = (float(value) for value in np.percentile(lags_ms, (50, 99)))
        return UpdateStats(
            **counts, lag_p50_ms=p50, lag_p99_ms=p99, lag_max_ms=float(lags_ms.max())
        )
