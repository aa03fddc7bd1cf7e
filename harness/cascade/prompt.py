"""The conversation so far, as a language model reads it."""

from collections.abc import Iterable, Mapping
from typing import Any

from harness.simulator.protocol.conversation import Item

Json = dict[str, Any]
_MOST_MESSAGES = 60


def messages(instructions: str, items: Iterable[Item], said: Mapping[str, str]) -> list[Json]:
    """Return chat messages: the instructions, then the last items of the conversation.

    Of an answer that the caller interrupted, only the share that was heard is told.

    Args:
        instructions: The system's message, empty for none.
        items: The conversation.
        said: What was said in full, by the item's id.
    """
    told = [message for item in items if (message := _message(item, said)) is not None]
    head = [{"role": "system", "content": instructions}] if instructions else []
    return head + told[-_MOST_MESSAGES:]


def functions(tools: Iterable[Json]) -> list[Json]:
    """Return the session's functions as chat completions take them."""
    named = ("name", "description", "parameters")
    return [
        {"type": "function", "function": {name: tool[name] for name in named if name in tool}}
        for tool in tools
        if tool.get("type", "function") == "function"
    ]


def _message(item: Item, said: Mapping[str, str]) -> Json | None:
    wire = item.wire
    if wire["type"] == "function_call":
        function = {"name": wire["name"], "arguments": wire["arguments"]}
        call = {"id": wire["call_id"], "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    if wire["type"] == "function_call_output":
        return {"role": "tool", "tool_call_id": wire["call_id"], "content": wire["output"]}
    text = " ".join(filter(None, (_words(part) for part in wire.get("content", []))))
    if item.kept_ms is not None and item.spoken_ms:
        words = said.get(item.id, "").split()
        text = " ".join(words[: round(len(words) * item.kept_ms / item.spoken_ms)])
    return {"role": wire["role"], "content": text} if text else None


def _words(part: Json) -> str:
    return part.get("text") or part.get("transcript") or ""
