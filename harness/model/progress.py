"""How long-running work reports progress, without knowing to whom."""

from typing import Protocol


class Progress(Protocol):
    """Shows progress: a terminal bar, a log, or nothing."""

    def step(self, what: str, unit: str = "bytes") -> None:
        """Begin a new step, named in words for a person, and say what it counts."""

    def advance(self, done: int, total: int | None) -> None:
        """Tell how much of the step is done, in units of the step; `total` may be unknown."""


class NoProgress:
    """Progress that is not shown."""

    def step(self, what: str, unit: str = "bytes") -> None:
        """Do nothing."""

    def advance(self, done: int, total: int | None) -> None:
        """Do nothing."""
