"""The tools of a user class, from its attribute: their names checked, their files read."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import BadInput, sanitised
from harness.plan.tools import Tool

# An answer that a model has to read; more is a file taken for another.
_MOST_BYTES = 1_000_000


def tools_from(held: Iterable[Any], where: str) -> tuple[Tool, ...]:
    """Return the tools that an attribute lists: mocks, or the names of plain ones.

    Args:
        held: What is listed.
        where: What to call it in messages.

    Raises:
        BadInput: It is no list of tools, names one twice, or a file cannot be read.
    """
    tools = tuple(_tool(one, where) for one in held)
    (name, count), *_ = Counter(tool.name for tool in tools).most_common(1) or [("", 0)]
    if count > 1:
        raise BadInput(f"{name} is there twice", where=where)
    return tools


def _tool(one: Any, where: str) -> Tool:
    if isinstance(one, str):
        return Tool(one)
    if not isinstance(one, Tool):
        words = f"{sanitised(repr(one))} is no tool"
        raise BadInput(words, where=where, hint='Give its name, or Tool("NAME", result=…)')
    read: dict[str, Any] = {
        name: _text(value, f"{where}, {one.name}")
        for name, value in (
            ("result", one.result),
            ("failure", one.failure),
            ("timed_out", one.timed_out),
        )
        if isinstance(value, Path)
    }
    return replace(one, **read)


def _text(path: Path, where: str) -> str:
    try:
        data = path.read_bytes()
        if len(data) > _MOST_BYTES:
            raise BadInput(f"{path} is larger than {_MOST_BYTES // 1000} kB", where=where)
        return data.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read ({type(error).__name__})", where=where) from error
