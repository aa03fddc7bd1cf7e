"""The definition of a tool that a script names and does not describe."""

from typing import Any


def tool_description(name: str) -> str:
    """Return what a tool is for, in the words of its name."""
    return f"{name.replace('_', ' ').capitalize()}, as the caller asks."


def json_schema_of(_name: str) -> dict[str, Any]:
    """Return the schema of its arguments: one text, since what it does is the script's affair."""
    details = {"type": "string", "description": "What the caller asked for, in a few words."}
    return {"type": "object", "properties": {"details": details}, "required": ["details"]}
