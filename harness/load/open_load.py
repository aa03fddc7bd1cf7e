"""Calls that begin at planned instants, and the callers that are free to hold them.

Locust's users are the callers. Under an open load each waits until it is given a call; a call
whose instant comes while no caller is free is dropped, and counted.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

import gevent
import gevent.event

from harness.clock import now_ns
from harness.errors import BadInput
from harness.load.class_schedule import Calls
from harness.load.options import Options
from harness.load.share import Share
from harness.model import NS_PER_S
from harness.plan import Arrivals, Seeds, parse_arrivals

Planned = tuple[int, int]


class OpenLoad:
    """Gives the calls of one process's share to free callers, each at its instant.

    Args:
        arrivals: When calls begin.
        share: Which calls are the process's.
        calls: Calls of the run, `None` when time decides.
        schedule: Says which user class a call belongs to.
        drop: Called with the number and the planned instant of a call without a caller.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        share: Share,
        calls: int | None,
        schedule: Calls,
        drop: Callable[[int, int], None],
    ) -> None:
        self._arrivals, self._share, self._calls = arrivals, share, calls
        self._schedule, self._drop = schedule, drop
        self._free: defaultdict[str, deque[Any]] = defaultdict(deque)
        # Classes that have ever had a caller here: Locust chooses where users run.
        self._staffed: set[str] = set()
        self._ended = False
        self._greenlet: gevent.Greenlet | None = None

    @property
    def exhausted(self) -> bool:
        """Whether every call of the share has begun or was dropped."""
        return self._ended

    def begin(self, first_ns: int) -> None:
        """Let calls begin.

        Args:
            first_ns: The instant that planned starts count from, on the monotonic clock.
        """
        if self._greenlet is None and not self._ended:
            self._greenlet = gevent.spawn(self._dispatch, first_ns)

    def take(self, user_class: str) -> Planned | None:
        """Wait until a caller is given a call; `None` when there are none any more.

        Args:
            user_class: The class of the caller that is free.

        Returns:
            The number of the call, and the instant at which it was planned to begin.
        """
        self._staffed.add(user_class)
        if self._ended:
            return None
        given: gevent.event.AsyncResult = gevent.event.AsyncResult()
        self._free[user_class].append(given)
        try:
            planned: Planned | None = given.get()
        except BaseException:
            # Locust ends callers where they wait, or between being given a call and holding it.
            if given in self._free[user_class]:
                self._free[user_class].remove(given)
            elif given.ready() and given.value is not None:
                self._drop(*given.value)
            raise
        return planned

    def end(self) -> None:
        """Begin no more calls, and let go of the callers that wait."""
        self._ended = True
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
        for waiting in self._free.values():
            while waiting:
                waiting.popleft().set(None)

    def _dispatch(self, first_ns: int) -> None:
        index = 0
        while (number := self._share.number(index)) < (self._calls or number + 1):
            start_ns = self._arrivals.start_ns(number)
            if start_ns is None:
                break
            due_ns = first_ns + start_ns
            while (left_ns := due_ns - now_ns()) > 0:
                gevent.sleep(left_ns / NS_PER_S)
            self._give(number, due_ns)
            index += 1
        self._greenlet = None
        self.end()

    def _give(self, number: int, due_ns: int) -> None:
        """Give a call to the caller of its class that has been free for longest, or drop it."""
        wanted = self._schedule.class_of(number)
        classes = [wanted]
        if wanted not in self._staffed:
            # This process has no caller of this class: one of another class takes the call.
            classes += sorted(self._free, key=lambda name: -len(self._free[name]))
        for name in classes:
            if self._free[name]:
                self._free[name].popleft().set((number, due_ns))
                return
        self._drop(number, due_ns)


def arrivals_of(options: Options) -> Arrivals | None:
    """Return when the calls of a run begin, `None` for a closed load.

    Raises:
        BadInput: What was asked for is no schedule.
    """
    if not options.arrivals:
        return None
    seed = Seeds.from_one(options.seed).arrivals
    return parse_arrivals(options.arrivals, seed, calls=options.calls)


def refuse_shape(options: Options, shape: object) -> None:
    """Refuse an open load in a scenario whose shape says how many callers there are.

    Raises:
        BadInput: There are both.
    """
    if options.arrivals and shape is not None:
        raise BadInput(
            f"does not go with the {type(shape).__name__} of the scenario",
            where=f"--arrivals {options.arrivals}",
            hint="A shape starts and ends callers, arrivals start calls: leave out one of them",
        )
