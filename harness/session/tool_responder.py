"""The application behind the caller's client: it answers tool calls.

What a tool does is its mock's affair; one without a mock succeeds after a time that the script
sets. Results go out together, with one request for a response, once the response that asked for
them is over: a server that is asked for a response while another goes on refuses. They wait while
the caller speaks, too.
"""

from dataclasses import dataclass
from typing import Protocol

from harness.model import (
    NS_PER_MS,
    Request,
    RequestResponse,
    ResponseDone,
    ToolAnswer,
    ToolCall,
    ToolEnd,
    ToolResult,
)

_OUTPUT = '{"ok":true}'
# A server that does not report the end of a response sends its tool call at the end of it.
_UNREPORTED_NS = 1_000 * NS_PER_MS


class Mocks(Protocol):
    """The tools of a call that have a mock."""

    def answer(self, call: ToolCall) -> ToolAnswer | None:
        """Return the answer to a call; `None` for a tool without a mock."""


@dataclass(slots=True)
class _Asked:
    """A call that is not answered yet; without an output it waits for the scenario's code."""

    response_id: str
    asked_ns: int
    answer: ToolAnswer
    output: str | None
    end: ToolEnd

    @property
    def ready_ns(self) -> int:
        """When its result is there, or no longer waited for."""
        takes_ms = self.answer.time_out_ms if self.output is None else self.answer.takes_ms
        return self.asked_ns + round(takes_ms * NS_PER_MS)


class ToolResponder:
    """Answers the tool calls of one session; all times are monotonic nanoseconds.

    Args:
        mocks: How tools answer.

    Attributes:
        to_work_out: Calls whose result the scenario's code has to say, not handed to it yet.
    """

    def __init__(self, mocks: Mocks | None = None) -> None:
        self._mocks = mocks
        self._asked: dict[str, _Asked] = {}
        self._answered: set[str] = set()
        self._over_ns = 0
        self.to_work_out: list[ToolCall] = []

    @property
    def due_ns(self) -> int | None:
        """When results go out, `None` when nothing was asked for."""
        if not self._asked:
            return None
        return max(self._over_ns, *(asked.ready_ns for asked in self._asked.values()))

    def called(self, call: ToolCall, takes_ms: float, now_ns: int) -> bool:
        """Take a call that arrived at `now_ns`; return whether it is a new one.

        Args:
            call: The call.
            takes_ms: What answering a tool without a mock takes.
            now_ns: When.
        """
        if call.call_id in self._asked or call.call_id in self._answered:
            return False
        mocked = None if self._mocks is None else self._mocks.answer(call)
        answer = mocked or ToolAnswer(takes_ms=takes_ms, output=_OUTPUT)
        self._asked[call.call_id] = _Asked(
            call.response_id, now_ns, answer, answer.output, answer.end
        )
        if answer.output is None:
            self.to_work_out.append(call)
        self._over_ns = now_ns + _UNREPORTED_NS
        return True

    def take_to_work_out(self) -> list[ToolCall]:
        """Return the calls whose result the scenario's code has to say, each once."""
        calls, self.to_work_out = self.to_work_out, []
        return calls

    def worked_out(self, call_id: str, output: str, end: ToolEnd) -> None:
        """Take a result that the scenario's code has said."""
        asked = self._asked.get(call_id)
        if asked is not None and asked.output is None:
            asked.output, asked.end = output, end

    def over(self, done: ResponseDone) -> None:
        """Note that a response has ended: results of its calls no longer wait for it."""
        asked_by = [asked.response_id for asked in self._asked.values()]
        if not done.response_id or done.response_id in asked_by:
            self._over_ns = 0

    def answers(self) -> tuple[list[Request], list[ToolEnd]]:
        """Return what is to be sent now that it is due, and how each call ended."""
        requests, ends = list[Request](), list[ToolEnd]()
        for call_id, asked in self._asked.items():
            late = asked.output is None
            output = asked.answer.timed_out if asked.output is None else asked.output
            requests.append(ToolResult(call_id, output))
            ends.append(ToolEnd.TIMED_OUT if late else asked.end)
        self._answered.update(self._asked)
        self.forget()
        return [*requests, RequestResponse()], ends

    def next_turn(self) -> None:
        """Note that no call of an earlier turn is repeated: its name may be used for another."""
        self._answered.clear()

    def forget(self) -> None:
        """Drop the calls: their results are no longer waited for."""
        self._asked.clear()
        self._over_ns = 0
