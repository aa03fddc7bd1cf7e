"""The definition of a tool that a script names and does not describe."""

from typing import Any


def tool_definition(name: str, schema: str = "parameters") -> dict[str, Any]:
    """Return a function of one text; what it does is the script's affair.

    Args:
        name: Of the tool.
        schema: The API's key of the schema of the arguments.
    """
    details = {"type": "string", "description": "What the caller asked for, in a few words."}
    return {
        "name": name,
        "description": f"{name.replace('_', ' ').capitalize()}, as the caller asks.",
        schema: {"type": "object", "properties": {"details": details}, "required": ["details"]},
    }
