"""A target's own limits are kept to: how fast sessions may begin, and how many there may be.

A call that is due and would go beyond them waits. What it waits is ours: its start moves by it, so
that no latency holds it, and the session's record says how long it was.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from harness.clock import now_ns
from harness.errors import BadInput
from harness.model import NS_PER_S

# How soon a caller looks again whether another session has ended.
_LOOK_NS = 20_000_000
# Beside this, a wait is the time it takes to look.
_NOTHING_NS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLimits:
    """The limits of a target; 0 for none.

    Attributes:
        per_s: New sessions in any second.
        per_min: New sessions in any minute.
        at_once: Sessions at once.
    """

    per_s: int = 0
    per_min: int = 0
    at_once: int = 0

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.per_s or self.per_min or self.at_once)

    def share(self, slots: int) -> "TargetLimits":
        """Return what one of `slots` processes may use; what does not divide is left unused.

        Raises:
            BadInput: There is less than one for each.
        """
        for flag, limit in (
            ("--sessions-per-s", self.per_s),
            ("--sessions-per-min", self.per_min),
            ("--sessions-at-once", self.at_once),
        ):
            if 0 < limit < slots:
                raise BadInput(
                    f"{slots} processes cannot share a limit of {limit}",
                    where=flag,
                    hint="Start fewer processes",
                )
        return TargetLimits(
            per_s=self.per_s // slots, per_min=self.per_min // slots, at_once=self.at_once // slots
        )


class StartTimes:
    """When sessions began, as far as limits need it; times are monotonic nanoseconds.

    Args:
        limits: Those of this process.
    """

    def __init__(self, limits: TargetLimits) -> None:
        rates = ((limits.per_s, NS_PER_S), (limits.per_min, 60 * NS_PER_S))
        self._windows = [(deque[int](maxlen=n), window) for n, window in rates if n]

    def earliest_ns(self, at_ns: int) -> int:
        """Return when a session that is due at `at_ns` may begin."""
        full = [began[0] + window for began, window in self._windows if len(began) == began.maxlen]
        return max([at_ns, *full])

    def began(self, at_ns: int) -> None:
        """Note a session that begins."""
        for began, _ in self._windows:
            began.append(at_ns)


class Turnstile:
    """Lets the calls of a process begin one after another, as the target's limits allow.

    Args:
        limits: Those of this process.
        is_over: Says whether no calls begin any more.
    """

    def __init__(self, limits: TargetLimits, is_over: Callable[[], bool]) -> None:
        self._limits, self._starts, self._is_over = limits, StartTimes(limits), is_over
        self._inside = dict[int, int]()
        # Who only reads limits, such as every command that reads options, need not load it.
        import gevent.lock

        self._one = gevent.lock.BoundedSemaphore()

    def pass_through(self, number: int, due_ns: int) -> int | None:
        """Wait until a call may begin; return when it was due, moved by what the limits took.

        `None` where calls do not begin any more.

        Args:
            number: Of the call.
            due_ns: When it was to begin.
        """
        import gevent

        if not self._limits:
            return due_ns
        came_ns = now_ns()
        with self._one:
            while (wait_ns := self._wait_ns()) > 0:
                if self._is_over():
                    return None
                gevent.sleep(min(wait_ns, _LOOK_NS) / NS_PER_S)
            self._starts.began(now_ns())
        held_ns = now_ns() - came_ns
        held_ns = held_ns if held_ns > _NOTHING_NS else 0
        self._inside[number] = held_ns
        return due_ns + held_ns

    def leave(self, number: int) -> int:
        """Note that a call is over; return for how long it was held back."""
        return self._inside.pop(number, 0)

    def _wait_ns(self) -> int:
        if self._limits.at_once and len(self._inside) >= self._limits.at_once:
            return _LOOK_NS
        at_ns = now_ns()
        return self._starts.earliest_ns(at_ns) - at_ns
