"""What an objective can be about: six quantities, each named and written in its own unit."""

from dataclasses import dataclass

from harness.errors import Party

BUFFERS_MS = (20, 60, 200)
"""Jitter buffers that turn records hold underruns for."""


@dataclass(frozen=True, slots=True)
class Percentile:
    """A percentile of a latency, in milliseconds.

    Attributes:
        metric: Name of the metric.
        percent: Between 0 and 100, exclusive.
    """

    metric: str
    percent: float
    at_least = False

    def __str__(self) -> str:
        """Return its name."""
        return f"{self.metric} P{self.percent:g}"

    def shown(self, value: float) -> str:
        """Return a value in its unit."""
        return f"{value:.0f} ms"


@dataclass(frozen=True, slots=True)
class Attainment:
    """Share of turns whose latency is within a time.

    Attributes:
        metric: Name of the metric.
        within_ms: The time.
    """

    metric: str
    within_ms: float
    at_least = True

    def __str__(self) -> str:
        """Return its name."""
        return f"{self.metric} within {self.within_ms:g} ms"

    def shown(self, value: float) -> str:
        """Return a value in its unit."""
        return f"{value:.2%}"


@dataclass(frozen=True, slots=True)
class FailureRate:
    """Share of turns that failed.

    Attributes:
        party: Whose failures are counted; `None` for everybody's but our own.
    """

    party: Party | None = None
    at_least = False

    def __str__(self) -> str:
        """Return its name."""
        return "failure rate" if self.party is None else f"failure rate ({self.party})"

    def shown(self, value: float) -> str:
        """Return a value in its unit."""
        return f"{value:.2%}"


@dataclass(frozen=True, slots=True)
class Continuity:
    """Share of the responses heard whose playout never ran out of audio.

    Attributes:
        buffer_ms: The listener's jitter buffer.
    """

    buffer_ms: int
    at_least = True

    def __str__(self) -> str:
        """Return its name."""
        return f"continuity with a buffer of {self.buffer_ms} ms"

    def shown(self, value: float) -> str:
        """Return a value in its unit."""
        return f"{value:.2%}"


@dataclass(frozen=True, slots=True)
class FailedChecks:
    """Share of the checks of calls, what their scenario expected of the agent, that failed.

    Attributes:
        what: The one check that is counted, by its words; `None` for all.
    """

    what: str | None = None
    at_least = False

    def __str__(self) -> str:
        """Return its name."""
        return "failed checks" if self.what is None else f"failed checks ({self.what})"

    def shown(self, value: float) -> str:
        """Return a value in its unit."""
        return f"{value:.2%}"


@dataclass(frozen=True, slots=True)
class CostPerMinute:
    """Cost of a minute of conversation, in the currency of the price list."""

    at_least = False

    def __str__(self) -> str:
        """Return its name."""
        return "cost per minute"

    def shown(self, value: float) -> str:
        """Return a value in its unit."""
        return f"{value:.4f}"


Quantity = Percentile | Attainment | FailureRate | Continuity | FailedChecks | CostPerMinute
