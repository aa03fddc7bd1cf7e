"""What a number of open calls costs: a knee or a cliff at a number of held calls.

`capacity` limits responses worked on at once, so the number of calls at which it shows depends on
how often they ask. Here the limit is the number of calls itself, a known truth for searches for a
knee: up to `knee` open calls no response is delayed; beyond,

* the knee: every response waits `slower_ms` longer for each call beyond it;
* the cliff: every response waits `cliff_ms`, however many calls there are beyond it;
* the refusal: every response fails as one of an overloaded server does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.errors import BadInput
from harness.model import NS_PER_MS


class Admission(Protocol):
    """Decides how long a response waits before work on it begins."""

    def admit(self, now_ns: int) -> int | None:
        """Take one response; return its wait in nanoseconds, `None` when it is turned away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRule:
    """What a server makes of many open calls.

    Attributes:
        knee: Open calls that cost nothing.
        slower_ms: What each call beyond adds to the wait of every response.
        cliff_ms: Wait of every response as soon as there is one call more.
        refuse: Responses fail as soon as there is one call more.
    """

    knee: int
    slower_ms: float = 0.0
    cliff_ms: float = 0.0
    refuse: bool = False

    def __post_init__(self) -> None:
        """Refuse a limit at which nothing happens."""
        if self.knee < 1:
            raise BadInput("knee must be at least 1", where="calls")
        if min(self.slower_ms, self.cliff_ms) < 0:
            raise BadInput("slower_ms and cliff_ms must not be negative", where="calls")
        if not (self.slower_ms or self.cliff_ms or self.refuse):
            raise BadInput(
                "nothing happens beyond the knee",
                where="calls",
                hint="Give slower_ms, cliff_ms or refuse = true",
            )

    def wait_ns(self, open_calls: int) -> int | None:
        """Return how long a response waits among so many calls, `None` when it is turned away."""
        beyond = open_calls - self.knee
        if beyond <= 0:
            return 0
        if self.refuse:
            return None
        return round((self.cliff_ms + beyond * self.slower_ms) * NS_PER_MS)


class CallLoad:
    """Makes responses wait by the number of open calls, on top of what else they wait for.

    Args:
        rule: What happens beyond the knee.
        open_calls: Tells how many calls are open.
        slots: The queue for slots, `None` for none.
    """

    def __init__(
        self, rule: CallRule, open_calls: Callable[[], int], slots: Admission | None = None
    ) -> None:
        self._rule, self._open_calls, self._slots = rule, open_calls, slots

    def admit(self, now_ns: int) -> int | None:
        """Take one response; return its wait in nanoseconds, `None` when it is turned away."""
        wait_ns = self._rule.wait_ns(self._open_calls())
        queued_ns = 0 if self._slots is None else self._slots.admit(now_ns)
        return None if wait_ns is None or queued_ns is None else wait_ns + queued_ns
