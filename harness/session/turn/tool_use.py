"""The tools that a turn called, and the answer that is due to their results."""

from harness.errors import sanitised

_NAMES_KEPT = 16


class ToolUse:
    """Tool calls of one turn.

    Attributes:
        names: Names of the tools that were called, in order, the first 16 of them.
        awaits_answer: Results are given, so only the response to them answers the turn.
        owed: That response has not begun.
    """

    __slots__ = ("_results_sent", "awaits_answer", "names", "owed")

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.awaits_answer = self.owed = self._results_sent = False

    def called(self, name: str) -> None:
        """Note a call."""
        if len(self.names) < _NAMES_KEPT:
            self.names = (*self.names, sanitised(name))

    def expect_answer(self) -> None:
        """Note that results will be given, of a call that came after those that went out."""
        self.awaits_answer = self.owed = True
        self._results_sent = False

    def results_sent(self) -> None:
        """Note that the results of the tools called so far went out."""
        self._results_sent = True

    def response_began(self) -> None:
        """Note that a response begins: it answers the results if they went out."""
        self.owed = self.owed and not self._results_sent
