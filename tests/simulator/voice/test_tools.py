import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.simulator import ToolRule, parse_tool
from harness.simulator.voice.tools import ToolDraw

A, B = ({"type": "function", "name": name, "parameters": {}} for name in "ab")


def _choose(rule: ToolRule, tools: list[Any], choice: Any = "auto", **more: Any) -> str | None:
    drawn = ToolDraw(rule, np.random.default_rng(1), turn=2)
    call = drawn.choose(tools, choice, answered=more.get("answered", False))
    return None if call is None else call.name


ALWAYS = ToolRule(turns=(2,))


@pytest.mark.parametrize(
    ("rule", "tools", "choice", "called"),
    [
        (ALWAYS, [A, B], "auto", "a"),
        (ToolRule(turns=(2,), name="b"), [A, B], "auto", "b"),
        (ToolRule(turns=(2,), name="c"), [A, B], "auto", "a"),
        (ToolRule(turns=(1,)), [A, B], "auto", None),
        (ALWAYS, [A], "none", None),
        (ALWAYS, [], "required", None),
        (ALWAYS, [{"type": "mcp", "server_label": "x"}], "auto", None),
        (ToolRule(), [A], "required", "a"),
        (ToolRule(), [A, B], {"type": "function", "name": "b"}, "b"),
    ],
)
def test_which_function_is_called(
    rule: ToolRule, tools: list[Any], choice: Any, called: str | None
) -> None:
    assert _choose(rule, tools, choice) == called


def test_result_is_answered_in_words_unless_the_client_insists() -> None:
    assert _choose(ALWAYS, [A], answered=True) is None
    assert _choose(ALWAYS, [A], "required", answered=True) == "a"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "enum", "items"]), inner, max_size=3
        )
    ),
)


@given(_JSON)
def test_arguments_are_json_whatever_the_schema(schema: Any) -> None:
    tool = {"type": "function", "name": "f", "parameters": schema}
    call = ToolDraw(ALWAYS, np.random.default_rng(1), 2).choose([tool], "auto", answered=False)
    assert call is not None
    json.loads(call.arguments)


def test_rule_is_read_as_faults_are() -> None:
    assert parse_tool("f") == ToolRule(name="f", probability=1.0)
    assert parse_tool("f=0.25") == ToolRule(name="f", probability=0.25)
    assert parse_tool("f@3") == ToolRule(name="f", turns=(3,))


@pytest.mark.parametrize("text", ["", "=0.5", "f=often", "f=7", "f@x", "f=1.2.3"])
def test_what_is_no_rule_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        parse_tool(text)
