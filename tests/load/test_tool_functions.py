import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from harness.load.tool_functions import ToolFunctions
from harness.model import ToolCall, ToolEnd
from harness.plan import Seeds
from harness.plan.tools import MockedTools, Tool

CALL = ToolCall("c1", "look_up", '{"city": "Rome"}', "r1")


def told(function: Callable[[dict[str, Any]], Any]) -> list[tuple[str, str, ToolEnd]]:
    heard: list[tuple[str, str, ToolEnd]] = []
    engine: Any = SimpleNamespace(
        tool_worked_out=lambda session, call_id, output, end: heard.append((call_id, output, end))
    )
    session: Any = SimpleNamespace(id="call-000000")
    functions = ToolFunctions(engine)
    mocks = MockedTools([Tool("look_up", function)], Seeds(), 0)
    mocks.answer(CALL)
    functions.add(session, mocks)
    functions.run("call-000000", [CALL])
    functions.run("call-000001", [CALL])
    gevent.sleep(0.01)
    functions.end("call-000000")
    functions.run("call-000000", [CALL])
    gevent.sleep(0)
    return heard


def test_a_function_answers_the_call_it_was_asked_for() -> None:
    answered = told(lambda arguments: arguments["city"])
    assert answered == [("c1", "Rome", ToolEnd.ANSWERED)]


def test_a_function_that_raises_is_a_tool_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        answered = told(lambda arguments: arguments["country"])
    assert answered == [("c1", '{"error": "the tool failed"}', ToolEnd.FAILED)]
    assert "the function of the tool look_up failed, KeyError: 'country'" in caplog.text
