"""Which function the model calls, on which turn, and with what arguments."""

import json
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.errors import BadInput

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRule:
    """When a function is called, for sessions that have any.

    Attributes:
        probability: Share of turns with a call.
        turns: Turns of each session that have a call whatever the probability, from 0.
        name: The function to call where the session has it; otherwise the first it has.
        preamble: Share of calls that something is said before.
    """

    probability: float = 0.0
    turns: tuple[int, ...] = ()
    name: str | None = None
    preamble: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        if not (0 <= self.probability <= 1 and 0 <= self.preamble <= 1):
            raise BadInput("a probability lies between 0 and 1", where="tools")


def parse_tool(text: str) -> ToolRule:
    """Return the rule written as `NAME`, `NAME=PROBABILITY` or `NAME@TURN`; without, every turn.

    Raises:
        BadInput: It is none of these.
    """
    hint = "NAME, NAME=PROBABILITY or NAME@TURN, such as get_weather=0.3"
    parts = re.fullmatch(r"([^=@]+)(?:=([0-9.]+)|@([0-9]+))?", text)
    if parts is None:
        raise BadInput("not a function and when to call it", where=f"--tool {text}", hint=hint)
    name, share, turn = parts.groups()
    if turn is not None:
        return ToolRule(name=name, turns=(int(turn),))
    try:
        return ToolRule(name=name, probability=1.0 if share is None else float(share))
    except ValueError as error:
        raise BadInput("not a number", where=f"--tool {text}", hint=hint) from error


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """One call to make."""

    name: str
    arguments: str


class ToolDraw:
    """The draw for one turn's function call, before the session's tools are known.

    Args:
        rule: When to call.
        rng: Source of chance; two numbers are taken, whatever comes of them.
        turn: Index of the turn.
    """

    def __init__(self, rule: ToolRule, rng: np.random.Generator, turn: int) -> None:
        chances = rng.random(2)
        self._rule = rule
        self._wanted = turn in rule.turns or bool(chances[0] < rule.probability)
        self.preamble = bool(chances[1] < rule.preamble)

    def choose(self, tools: list[Json], choice: Any, *, answered: bool) -> FunctionCall | None:
        """Return the call to make, `None` to speak.

        Args:
            tools: Tools of the session or of the response.
            choice: `tool_choice` in effect.
            answered: Whether the last thing in the conversation is a function's result, which
                wants a spoken answer unless the client insists.
        """
        known = [tool for tool in tools if tool.get("type", "function") == "function"]
        asked = choice.get("name") if isinstance(choice, dict) else None
        insists = asked is not None or choice == "required"
        if not known or choice == "none" or not (insists or (self._wanted and not answered)):
            return None
        wanted = asked or self._rule.name
        tool = next((tool for tool in known if tool["name"] == wanted), known[0])
        return FunctionCall(tool["name"], _arguments(tool.get("parameters")))


def _arguments(schema: Any) -> str:
    return json.dumps(_example(schema if isinstance(schema, dict) else {"type": "object"}, 0))


def _example(schema: Json, depth: int) -> Any:
    """Return the plainest value a JSON schema allows; unknown words of it are ignored."""
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0] if kind else None
    properties = schema.get("properties")
    if isinstance(properties, dict) and depth < 5:
        return {
            str(name): _example(inner if isinstance(inner, dict) else {}, depth + 1)
            for name, inner in properties.items()
        }
    plain: Json = {
        "integer": 1,
        "number": 1.5,
        "boolean": True,
        "null": None,
        "array": [],
        "object": {},
    }
    return plain.get(kind, "example") if isinstance(kind, str) else "example"
