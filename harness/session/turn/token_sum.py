"""Tokens of several responses, added up, and how many responses told none."""

from harness.model import TokenUsage


class TokenSum:
    """Tokens that were told so far.

    Attributes:
        told: Their sum, `None` when none were told.
        untold: Responses that ended without the provider telling theirs.
    """

    __slots__ = ("told", "untold")

    def __init__(self) -> None:
        self.told: TokenUsage | None = None
        self.untold = 0

    def add(self, usage: TokenUsage | None) -> None:
        """Take the tokens of a response that has ended, `None` when they were not reported."""
        if usage is None:
            self.untold += 1
        else:
            self.told = usage if self.told is None else self.told + usage
