from pathlib import Path
from typing import Any

import pytest

from harness.errors import BadInput
from harness.load.tool_files import tools_from
from harness.plan.tools import Tool


def test_names_are_plain_tools_and_files_are_read(tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    answer.write_text('{"sky": "blue"}')
    tools = tools_from(("book", Tool("look_up", answer, failure=answer)), "Customer.tools")
    assert tools == (
        Tool("book"),
        Tool("look_up", '{"sky": "blue"}', failure='{"sky": "blue"}'),
    )


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        (["book", Tool("book")], "book is there twice"),
        ([3], "3 is no tool"),
        ([Tool("book", Path("nowhere.json"))], r"nowhere.json cannot be read \(FileNotFoundError"),
        (["book it"], "cannot be the name of a tool"),
    ],
)
def test_what_is_no_list_of_tools_is_refused(tools: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        tools_from(tools, "Customer.tools")
