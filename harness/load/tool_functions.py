"""Results of tools that a scenario's own functions say, worked out beside the audio.

They run in greenlets of Locust's thread: one that waits holds up neither frames nor other calls.
"""

import logging
from collections.abc import Sequence

import gevent

from harness.engine.engine import AudioEngine
from harness.errors import sanitised
from harness.model import ToolCall, ToolEnd
from harness.plan.tools import MockedTools
from harness.session import Caller

_log = logging.getLogger(__name__)


class ToolFunctions:
    """The functions of the calls that are open.

    Args:
        engine: Carries their results to the calls.
    """

    def __init__(self, engine: AudioEngine) -> None:
        self._engine = engine
        self._open: dict[str, tuple[Caller, MockedTools]] = {}

    def add(self, session: Caller, mocks: MockedTools) -> None:
        """Take a call that begins."""
        self._open[session.id] = session, mocks

    def end(self, session_id: str) -> None:
        """Forget a call that is over."""
        self._open.pop(session_id, None)

    def run(self, session_id: str, calls: Sequence[ToolCall]) -> None:
        """Work out the results of tool calls, each in a greenlet of its own."""
        if calls and session_id in self._open:
            session, mocks = self._open[session_id]
            for call in calls:
                gevent.spawn(self._work_out, session, mocks, call)

    def _work_out(self, session: Caller, mocks: MockedTools, call: ToolCall) -> None:
        try:
            output, end = mocks.work_out(call), ToolEnd.ANSWERED
        except Exception as error:
            words = sanitised(f"{type(error).__name__}: {error}")
            _log.warning("the function of the tool %s failed, %s", sanitised(call.name), words)
            output, end = mocks.failure(call), ToolEnd.FAILED
        self._engine.tool_worked_out(session, call.call_id, output, end)
