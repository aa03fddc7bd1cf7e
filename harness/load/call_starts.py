"""Which call of a process begins next, and when: closed or open load, and the limits of targets."""

from collections.abc import Callable
from urllib.parse import urlsplit

from harness.clock import now_ns
from harness.load.call_queue import CallQueue
from harness.load.class_schedule import Calls
from harness.load.open_load import OpenLoad, arrivals_of
from harness.load.options import Options
from harness.load.share import Share
from harness.load.target_limits import Turnstile


class CallStarts:
    """Gives the calls of one process to its callers, each once.

    Args:
        options: What was asked for.
        schedule: Says which class a call belongs to, and which target it calls.

    Attributes:
        over: No calls begin any more.
    """

    def __init__(self, options: Options, schedule: Calls) -> None:
        self.over = False
        self._options, self._schedule = options, schedule
        self._share = Share(origin_ns=now_ns())
        self._queue = CallQueue(self._share, options.calls, schedule)
        self._open_load: OpenLoad | None = None
        self._turnstiles = self._limited()

    @property
    def planned(self) -> bool:
        """Whether calls begin at planned instants."""
        return self._open_load is not None

    @property
    def exhausted(self) -> bool:
        """Whether every call of this process's share has begun."""
        if self._open_load is not None:
            return self.over or self._open_load.exhausted
        return self.over or self._queue.exhausted

    def begin(self, share: Share, drop_late: Callable[[int, int], None]) -> None:
        """Start the run's clock; calls may be taken from now on.

        Args:
            share: Which calls are the process's.
            drop_late: Called with the number and the planned instant of a call without a caller.

        Raises:
            BadInput: The processes cannot share the limits of a target.
        """
        self._share = share
        calls, arrivals = self._options.calls, arrivals_of(self._options)
        self._queue = CallQueue(share, calls, self._schedule)
        self._turnstiles = self._limited()
        if arrivals is not None:
            self._open_load = OpenLoad(arrivals, share, calls, self._schedule, drop_late)

    def arrive(self, after_ns: int) -> None:
        """Let planned calls begin; their starts count from so long after run start."""
        if self._open_load is not None and not self.over:
            self._open_load.begin(self._share.origin_ns + after_ns)

    def left_of(self, user_class: str) -> bool:
        """Return whether calls of a user class have not begun and wait for a caller."""
        return not (self.over or self.planned) and self._queue.peek(user_class) is not None

    def next(self, user_class: str) -> tuple[int, int] | None:
        """Wait for a class's next call; return its number and when it was to begin.

        `None` if there is none left.
        """
        if self.over:
            return None
        if self._open_load is not None:
            planned = self._open_load.take(user_class)
        else:
            number = self._queue.take(user_class)
            planned = None if number is None else (number, now_ns())
        if planned is None:
            return None
        start_ns = self._turnstile(planned[0]).pass_through(*planned)
        return None if start_ns is None else (planned[0], start_ns)

    def leave(self, number: int) -> int:
        """Note that a call is over; return for how long limits held it back, in nanoseconds."""
        return self._turnstile(number).leave(number)

    def end(self) -> None:
        """Begin no more calls."""
        self.over = True
        if self._open_load is not None:
            self._open_load.end()

    def _turnstile(self, number: int) -> Turnstile:
        return self._turnstiles[self._schedule.class_of(number)]

    def _limited(self) -> dict[str, Turnstile]:
        """Return what each user class passes; classes that call one server pass the same."""
        made: dict[tuple[object, ...], Turnstile] = {}
        found = {}
        for name, part in self._schedule.parts.items():
            limits = part.options.limits
            target = urlsplit(part.options.host).netloc, limits
            if target not in made:
                made[target] = Turnstile(limits.share(self._share.slots), lambda: self.over)
            found[name] = made[target]
        return found
