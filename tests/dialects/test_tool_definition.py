from harness.dialects.tool_definition import tool_definition


def test_a_tool_is_described_by_its_name_and_takes_one_text() -> None:
    defined = tool_definition("look_up", "inputSchema")
    assert (defined["name"], defined["description"]) == ("look_up", "Look up, as the caller asks.")
    assert defined["inputSchema"]["required"] == ["details"]
