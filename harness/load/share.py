"""Which calls of the schedule a process holds, and since when the run's clock counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.clock import now_ns, wall_time
from harness.model import NS_PER_S

# Monotonic clocks of two machines started at different times: beyond this, they are not comparable.
_SAME_CLOCK_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which calls of the schedule are one process's.

    Attributes:
        origin_ns: Run start on the monotonic clock of the process.
        slot: The process takes every `slots`-th call, beginning with this one.
        slots: Processes that hold calls.
        callers: Callers of the run, all processes together; 0 where that is not known.
    """

    origin_ns: int
    slot: int = 0
    slots: int = 1
    callers: int = 0

    def number(self, index: int) -> int:
        """Return the number of the process's call `index`, counted from 0."""
        return self.slot + self.slots * index

    def pack(self) -> dict[str, int | float]:
        """Return the share as a message for a worker, with the time on both clocks."""
        return {
            "origin_ns": self.origin_ns,
            "slot": self.slot,
            "slots": self.slots,
            "callers": self.callers,
            "now_ns": now_ns(),
            "wall_s": wall_time().timestamp(),
        }

    @classmethod
    def unpack(cls, message: Mapping[str, Any]) -> "Share":
        """Return the share that `pack` wrote, on this machine's monotonic clock."""
        apart_s = wall_time().timestamp() - message["wall_s"]
        elapsed_s = (now_ns() - message["now_ns"]) / NS_PER_S
        origin_ns = int(message["origin_ns"])
        if abs(apart_s - elapsed_s) > _SAME_CLOCK_S:
            # Another machine: its monotonic clock has another origin, only wall time is shared.
            since_start_ns = message["now_ns"] - origin_ns + round(apart_s * NS_PER_S)
            origin_ns = now_ns() - since_start_ns
        return cls(
            origin_ns=origin_ns,
            slot=message["slot"],
            slots=message["slots"],
            callers=message["callers"],
        )
