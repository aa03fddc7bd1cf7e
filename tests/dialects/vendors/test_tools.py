from harness.dialects.vendors.tools import json_schema_of, tool_description


def test_a_tool_is_described_by_its_name() -> None:
    assert tool_description("look_up") == "Look up, as the caller asks."
    assert json_schema_of("look_up")["required"] == ["details"]
