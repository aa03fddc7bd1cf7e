"""Tokens of several responses, added up, and how many responses told none.

Tokens come with the end of a response or in reports of their own, before or after it.
"""

from harness.model import TokenUsage


class TokenSum:
    """Tokens that were told so far.

    Attributes:
        told: Their sum, `None` when none were told.
    """

    __slots__ = ("_owed", "_reported", "_untold", "told")

    def __init__(self) -> None:
        self.told: TokenUsage | None = None
        self._untold = 0
        # Names of responses that ended without their tokens, and of those that were reported.
        # Frozen: an empty one costs nothing, and most stay empty.
        self._owed = self._reported = frozenset[str]()

    @property
    def untold(self) -> int:
        """Responses that ended without the provider telling their tokens so far."""
        return self._untold + len(self._owed)

    def add(self, usage: TokenUsage | None, response: str = "") -> None:
        """Take the end of a response.

        Args:
            usage: Its tokens, `None` when they did not come with its end.
            response: Its name, empty where it has none: then no report can be of it.
        """
        if usage is not None:
            self._count(usage)
        elif not response or response in self._owed:
            self._untold += 1
        elif response not in self._reported:
            self._owed |= {response}

    def report(self, usage: TokenUsage, response: str) -> None:
        """Take tokens that were told apart from the end of their response."""
        self._count(usage)
        self._owed -= {response}
        self._reported |= {response} - {""}

    def add_sum(self, told: TokenUsage | None, untold: int) -> None:
        """Take what another sum knows."""
        if told is not None:
            self._count(told)
        self._untold += untold

    def _count(self, usage: TokenUsage) -> None:
        self.told = usage if self.told is None else self.told + usage
