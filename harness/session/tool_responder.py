"""The application behind the caller's client: it answers tool calls.

What a tool does is out of scope, so every call succeeds after a time that the script sets. Its
results go out together, with one request for a response, once the response that asked for them is
over: a server that is asked for a response while another goes on refuses. They wait while the
caller speaks, too.
"""

from harness.model import NS_PER_MS, Request, RequestResponse, ResponseDone, ToolCall, ToolResult

_OUTPUT = '{"ok":true}'
# A server that does not report the end of a response sends its tool call at the end of it.
_UNREPORTED_NS = 1_000 * NS_PER_MS


class ToolResponder:
    """Answers the tool calls of one session; all times are monotonic nanoseconds."""

    def __init__(self) -> None:
        self._asked: dict[str, str] = {}
        self._answered: set[str] = set()
        self._ready_ns = self._over_ns = 0

    @property
    def due_ns(self) -> int | None:
        """When results go out, `None` when nothing was asked for."""
        return max(self._ready_ns, self._over_ns) if self._asked else None

    def called(self, call: ToolCall, takes_ms: float, now_ns: int) -> bool:
        """Take a call that arrived at `now_ns`; return whether it is a new one."""
        if call.call_id in self._asked or call.call_id in self._answered:
            return False
        self._asked[call.call_id] = call.response_id
        self._ready_ns = max(self._ready_ns, now_ns + round(takes_ms * NS_PER_MS))
        self._over_ns = now_ns + _UNREPORTED_NS
        return True

    def over(self, done: ResponseDone) -> None:
        """Note that a response has ended: results of its calls no longer wait for it."""
        if not done.response_id or done.response_id in self._asked.values():
            self._over_ns = 0

    def answers(self) -> list[Request]:
        """Return what is to be sent now that it is due."""
        results: list[Request] = [ToolResult(call_id, _OUTPUT) for call_id in self._asked]
        self._answered.update(self._asked)
        self.forget()
        return [*results, RequestResponse()]

    def next_turn(self) -> None:
        """Note that no call of an earlier turn is repeated: its name may be used for another."""
        self._answered.clear()

    def forget(self) -> None:
        """Drop the calls: their results are no longer waited for."""
        self._asked.clear()
        self._ready_ns = self._over_ns = 0
