import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.model import ToolCall, ToolEnd
from harness.plan import Seeds
from harness.plan.tools import MockedTools, Tool

LOOK_UP = ToolCall("c1", "look_up", '{"city": "Rome"}', "r1")


def mocked(tool: Tool, number: int = 0, seed: int = 1) -> MockedTools:
    return MockedTools([tool], Seeds.from_one(seed), number)


@given(number=st.integers(0, 10_000), seed=st.integers(0, 100))
def test_the_same_call_draws_the_same_answers_and_within_the_distribution(
    number: int, seed: int
) -> None:
    tool = Tool("look_up", {"sky": "blue"}, takes={"low_ms": 200, "high_ms": 600}, fails=0.5)
    first, second = mocked(tool, number, seed), mocked(tool, number, seed)
    drawn = [first.answer(LOOK_UP) for _ in range(5)]
    assert drawn == [second.answer(LOOK_UP) for _ in range(5)]
    for answer in drawn:
        assert answer is not None
        assert 200 <= answer.takes_ms <= 600
        wanted = {ToolEnd.ANSWERED: {"sky": "blue"}, ToolEnd.FAILED: {"error": "the tool failed"}}
        assert json.loads(answer.output or "") == wanted[answer.end]


def test_failures_and_time_outs_come_in_their_shares() -> None:
    tool = Tool("look_up", fails=0.2, hangs=0.1, time_out_ms=3_000, timed_out="too late")
    mocks = mocked(tool)
    drawn = [mocks.answer(LOOK_UP) for _ in range(2_000)]
    ends = Counter(answer.end for answer in drawn if answer)
    assert ends[ToolEnd.FAILED] == pytest.approx(400, abs=70)
    assert ends[ToolEnd.TIMED_OUT] == pytest.approx(200, abs=50)
    late = next(one for one in drawn if one and one.end is ToolEnd.TIMED_OUT)
    assert (late.takes_ms, late.output) == (3_000, "too late")


def test_a_tool_that_takes_longer_than_is_waited_for_times_out() -> None:
    slow = Tool("look_up", takes={"low_ms": 900, "high_ms": 900}, time_out_ms=500)
    answer = mocked(slow).answer(LOOK_UP)
    assert answer is not None
    assert (answer.takes_ms, answer.end) == (500, ToolEnd.TIMED_OUT)


def test_a_function_is_given_the_arguments_and_its_result_is_json() -> None:
    mocks = mocked(Tool("look_up", lambda arguments: {"in": arguments["city"]}))
    answer = mocks.answer(LOOK_UP)
    assert answer is not None
    assert answer.output is None, "the scenario's code has to say it"
    assert mocks.work_out(LOOK_UP) == '{"in": "Rome"}'
    with pytest.raises(KeyError):
        mocks.work_out(ToolCall("c2", "look_up", "{}", "r1"))


def test_a_tool_without_a_mock_is_the_scripts() -> None:
    assert mocked(Tool("book")).answer(LOOK_UP) is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"name": "look up"}, "cannot be the name of a tool"),
        ({"fails": 1.5}, "fails is a share from 0 to 1"),
        ({"fails": 0.6, "hangs": 0.6}, "more than all calls"),
        ({"takes": {"low": 1}}, "takes: not understood: low"),
        ({"takes": 200}, "is no length of time"),
        ({"time_out_ms": 0}, "time_out_ms is no time"),
        ({"result": {1, 2}}, "a result is no JSON"),
        ({"result": float("nan")}, "a result is no JSON"),
    ],
)
def test_what_no_tool_can_do_is_refused(words: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        Tool(**({"name": "look_up"} | words))


def test_a_file_is_left_to_whoever_reads_files() -> None:
    assert Tool("look_up", Path("answer.json")).result == Path("answer.json")
