"""What a scenario expects of an agent, and whether it came: never mixed with latency."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One expectation, and its outcome.

    Attributes:
        what: What was expected, in words that are the same for every call.
        passed: Whether it came.
        turn_index: The latest turn when it was looked at; `None` before the first.
    """

    what: str
    passed: bool
    turn_index: int | None = None
