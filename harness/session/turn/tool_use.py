"""The tools that a turn called, and the answer that is due to their results."""

from collections.abc import Sequence
from dataclasses import replace

from harness.errors import sanitised
from harness.model import BehaviourOutcome, ToolEnd

_NAMES_KEPT = 16


class ToolUse:
    """Tool calls of one turn.

    Attributes:
        names: Names of the tools that were called, in order, the first 16 of them.
        awaits_answer: Results are given, so only the response to them answers the turn.
        owed: That response has not begun.
        failed: Calls that the application answered with a failure.
        timed_out: Calls that it answered with a time-out.
        results_ns: When results went out last; 0 where none did.
    """

    __slots__ = (
        *("_results_sent", "awaits_answer", "failed", "names", "owed", "results_ns", "timed_out"),
    )

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.failed = self.timed_out = self.results_ns = 0
        self.awaits_answer = self.owed = self._results_sent = False

    def called(self, name: str) -> None:
        """Note a call."""
        if len(self.names) < _NAMES_KEPT:
            self.names = (*self.names, sanitised(name))

    def expect_answer(self) -> None:
        """Note that results will be given, of a call that came after those that went out."""
        self.awaits_answer = self.owed = True
        self._results_sent = False

    def results_sent(self, now_ns: int, ends: Sequence[ToolEnd] = ()) -> None:
        """Note that the results of the tools called so far went out, and how the calls ended."""
        self._results_sent, self.results_ns = True, now_ns
        self.failed += sum(end is ToolEnd.FAILED for end in ends)
        self.timed_out += sum(end is ToolEnd.TIMED_OUT for end in ends)

    def outcome(self, asked: BehaviourOutcome | None = None) -> BehaviourOutcome:
        """Return what else came of a turn, with what became of its tools."""
        return replace(
            asked or BehaviourOutcome(),
            tools=self.names,
            tools_failed=self.failed,
            tools_timed_out=self.timed_out,
        )

    def response_began(self) -> None:
        """Note that a response begins: it answers the results if they went out."""
        self.owed = self.owed and not self._results_sent
