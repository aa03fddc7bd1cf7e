"""Tool calls as a server tells them: in up to three messages, perhaps without a name at first."""

from harness.model import Event, ResponseDone, ToolCall


class ToldCalls:
    """The tool calls of one turn, each told once.

    A call without its tool's name waits for a message that has it, at most until its response is
    over.
    """

    __slots__ = ("_known", "_nameless")

    def __init__(self) -> None:
        # Frozen: most stay empty.
        self._known = frozenset[str]()
        self._nameless: tuple[ToolCall, ...] = ()

    def of(self, event: Event) -> list[ToolCall]:
        """Return the calls that an event tells and none before it has."""
        if isinstance(event, ToolCall):
            if event.name:
                return self._new([event])
            self._nameless = (*self._nameless, event)
        elif isinstance(event, ResponseDone):
            calls = [*event.tool_calls, *self._nameless]
            self._nameless = ()
            # Those with a name first: they are told instead of their namesakes without.
            return self._new(sorted(calls, key=lambda call: not call.name))
        return []

    def _new(self, calls: list[ToolCall]) -> list[ToolCall]:
        found = []
        for call in calls:
            if call.call_id not in self._known:
                self._known |= {call.call_id}
                found.append(call)
        return found
