"""How long work tells the outside that it is alive, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """Whoever shows progress: a terminal bar, a log, nobody."""

    def step(self, what: str, unit: str = "bytes") -> None:
        """Begin a new step, named in words for a person, and say what it counts."""

    def advance(self, done: int, total: int | None) -> None:
        """Tell how much of the step is done, in units of the step; `total` may be unknown."""


class NoProgress:
    """Progress that nobody watches."""

    def step(self, what: str, unit: str = "bytes") -> None:
        """Do nothing."""

    def advance(self, done: int, total: int | None) -> None:
        """Do nothing."""
