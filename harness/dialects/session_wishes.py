"""The session that a user wishes for, as a value: what it names goes before what we would ask for.

A null is a wish too: it asks for no turn detection, no transcription.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class SessionWishes:
    """Fields of a session in its API's own words.

    Attributes:
        text: The object as JSON with sorted keys; empty for no wishes.
        source: Where they come from, for messages; no part of the value.
    """

    text: str = ""
    source: str = field(default="", compare=False)

    @classmethod
    def of(cls, fields: Mapping[str, Any], source: str = "") -> "SessionWishes":
        """Return the wishes that `fields` are.

        Raises:
            TypeError: They hold a value of a type that JSON does not have.
            ValueError: They hold a value that JSON cannot say.
        """
        try:
            # What writes the text makes a null of numbers that JSON does not have.
            json.dumps(_numbers(fields), allow_nan=False)
            text = msgspec.json.encode(dict(fields), order="sorted").decode() if fields else ""
        except msgspec.MsgspecError as error:
            raise ValueError(str(error)) from error
        return cls(text, source)

    def __bool__(self) -> bool:
        """Whether anything is wished for."""
        return bool(self.text)

    @property
    def fields(self) -> dict[str, Any]:
        """The fields, a new object each time."""
        return dict(msgspec.json.decode(self.text)) if self.text else {}

    def over(self, below: "SessionWishes") -> "SessionWishes":
        """Return both, where these win over those `below`."""
        if not (self and below):
            return self or below
        return self.of(merged(below.fields, self.fields), f"{self.source} over {below.source}")


def _numbers(value: Any) -> list[float]:
    """Return all fractions in a value."""
    if isinstance(value, float):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value
    if isinstance(value, Mapping | list | tuple):
        return [number for each in inner for number in _numbers(each)]
    return []


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return `below` with `above` merged in, object by object; neither is changed.

    An object of another `type` replaces the one below: what belongs to one kind of turn detection
    has no meaning in another.
    """
    result = dict(below)
    for name, value in above.items():
        under = result.get(name)
        if isinstance(under, Mapping) and isinstance(value, Mapping) and _same_kind(under, value):
            result[name] = merged(under, value)
        else:
            result[name] = value
    return result


def _same_kind(below: Mapping[str, Any], above: Mapping[str, Any]) -> bool:
    return "type" not in above or above["type"] == below.get("type", above["type"])


NO_WISHES = SessionWishes()
"""Nothing is wished for: the session is the one that we ask for by default."""
