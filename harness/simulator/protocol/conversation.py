"""The conversation: items in order, what each takes in tokens, and what may be done to them."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.simulator.protocol import refusals, usage
from harness.simulator.protocol.usage import Tokens

Json = dict[str, Any]

_CONTENT_TYPES = {
    "system": ("input_text",),
    "user": ("input_text", "input_audio", "input_image"),
    "assistant": ("output_text", "output_audio"),
}
_FIELDS = {
    "function_call": ("call_id", "name", "arguments"),
    "function_call_output": ("call_id", "output"),
}


@dataclass(slots=True)
class Item:
    """One item.

    Attributes:
        wire: The item as clients see it.
        tokens: What it takes when the conversation is read.
        spoken_ms: Audio of it that was sent, `None` for what the model did not say.
        kept_ms: What truncation has left of that.
        audio: Gives the audio itself, as it was on the wire, `None` once it is gone; `None` when
            it was never kept.
    """

    wire: Json
    tokens: Tokens = field(default_factory=Tokens)
    spoken_ms: int | None = None
    kept_ms: int | None = None
    audio: Callable[[], bytes | None] | None = None

    @property
    def id(self) -> str:
        """The item's id."""
        return str(self.wire["id"])

    def with_audio(self) -> Json:
        """Return the item with its audio, where that was kept."""
        audio = None if self.audio is None else self.audio()
        if audio is None or not self.wire["content"]:
            return self.wire
        part = self.wire["content"][0] | {"audio": base64.b64encode(audio).decode()}
        return self.wire | {"content": [part]}


class Conversation:
    """All items of one session."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._read = Tokens()

    @property
    def last_id(self) -> str | None:
        """Id of the last item, `None` while there is none."""
        return self._items[-1].id if self._items else None

    @property
    def items(self) -> tuple[Item, ...]:
        """All items, in their order."""
        return tuple(self._items)

    @property
    def has_spoken(self) -> bool:
        """Whether the model has said anything that is still there."""
        return any(item.spoken_ms for item in self._items)

    def add(self, item: Item, after: str | None = None) -> str | None:
        """Insert an item and return the id of the one before it.

        Args:
            item: The new item.
            after: Id of the item to insert after, `root` for the start, `None` for the end.
        """
        if any(known.id == item.id for known in self._items):
            raise refusals.duplicate_item(item.id)
        place = len(self._items)
        if after == "root":
            place = 0
        elif after is not None:
            places = [i for i, known in enumerate(self._items) if known.id == after]
            if not places:
                raise refusals.no_previous_item(after)
            place = places[0] + 1
        if place < len(self._items):
            self.forget_cache()
        self._items.insert(place, item)
        return self._items[place - 1].id if place else None

    def before(self, item_id: str) -> str | None:
        """Return the id of the item before another, `None` when it is the first or gone."""
        ids = [item.id for item in self._items]
        place = ids.index(item_id) if item_id in ids else 0
        return ids[place - 1] if place else None

    @property
    def answers_a_call(self) -> bool:
        """Whether the last item is a function's result."""
        return bool(self._items) and self._items[-1].wire["type"] == "function_call_output"

    def find(self, doing: str, item_id: str) -> Item:
        """Return an item, or refuse what was to be done with it."""
        for item in self._items:
            if item.id == item_id:
                return item
        raise refusals.no_such_item(doing, item_id)

    def delete(self, item_id: str) -> None:
        """Take an item out."""
        self._items.remove(self.find("delete", item_id))
        self.forget_cache()

    def truncate(self, item_id: str, audio_end_ms: int) -> None:
        """Drop what the caller did not hear of an answer: its audio and its transcript.

        An answer that was cut before may be cut again, anywhere up to the length that was sent.
        """
        item = self.find("truncate", item_id)
        if item.spoken_ms is None:
            raise refusals.not_model_audio()
        if audio_end_ms > item.spoken_ms:
            raise refusals.already_shorter(item.spoken_ms, audio_end_ms)
        item.kept_ms = min(audio_end_ms, item.spoken_ms if item.kept_ms is None else item.kept_ms)
        for part in item.wire["content"]:
            part["transcript"] = ""
        item.tokens = usage.spoken_tokens(item.kept_ms / 1000, "")
        self.forget_cache()

    def read(self, instructions: str) -> tuple[Tokens, Tokens]:
        """Read everything for a response; return what was read and the cached part of it."""
        total = sum((item.tokens for item in self._items), Tokens(usage.text_tokens(instructions)))
        from_cache = usage.cached(self._read)
        self._read = total
        return total, from_cache

    def forget_cache(self) -> None:
        """Note that the beginning of the context has changed."""
        self._read = Tokens()


def client_item(value: Any, new_id: Callable[[], str]) -> Item:
    """Return the item a client asks for, with its own id or a new one.

    Fields that do not apply are left out: clients fail on nulls.

    Raises:
        Refused: It is not an item.
    """
    if not isinstance(value, dict):
        raise refusals.invalid("item", "an object")
    item_id = value.get("id")
    if item_id is None:
        item_id = new_id()
    if not isinstance(item_id, str) or not 0 < len(item_id) <= 128:
        raise refusals.invalid("item.id", "a string of 1 to 128 characters")
    kind = value.get("type")
    wire: Json = {"id": item_id, "object": "realtime.item", "type": kind, "status": "completed"}
    if kind == "message":
        tokens = _message(value, wire)
    elif isinstance(kind, str) and kind in _FIELDS:
        tokens = _call(value, wire, _FIELDS[kind])
    elif kind is None:
        raise refusals.missing("item.type")
    else:
        raise refusals.invalid("item.type", "message, function_call or function_call_output")
    return Item(wire, tokens)


def _call(value: Json, wire: Json, fields: tuple[str, ...]) -> Tokens:
    words = ""
    for name in fields:
        given = value.get(name)
        if given is None:
            raise refusals.missing(f"item.{name}")
        if not isinstance(given, str):
            raise refusals.invalid(f"item.{name}", "a string")
        wire[name] = given
        words += given
    return Tokens(usage.text_tokens(words))


def _message(value: Json, wire: Json) -> Tokens:
    role = value.get("role")
    if not isinstance(role, str) or role not in _CONTENT_TYPES:
        raise refusals.invalid("item.role", "system, user or assistant")
    content = value.get("content")
    if not isinstance(content, list):
        raise refusals.invalid("item.content", "a list")
    wire["role"] = role
    wire["content"] = []
    tokens = Tokens()
    for index, part in enumerate(content):
        path = f"item.content[{index}]"
        if not isinstance(part, dict) or part.get("type") not in _CONTENT_TYPES[role]:
            allowed = ", ".join(_CONTENT_TYPES[role])
            raise refusals.invalid(f"{path}.type", f"one of {allowed} for the role {role}")
        shown, taken = _part(part, path)
        wire["content"].append(shown)
        tokens += taken
    return tokens


def _part(part: Json, path: str) -> tuple[Json, Tokens]:
    """Return a content part as it is shown, and its tokens; audio is not shown again."""
    kind = part["type"]
    if kind.endswith("_text"):
        if not isinstance(part.get("text"), str):
            raise refusals.invalid(f"{path}.text", "a string")
        return {"type": kind, "text": part["text"]}, Tokens(usage.text_tokens(part["text"]))
    if kind.endswith("_audio"):
        transcript = part.get("transcript")
        if transcript is not None and not isinstance(transcript, str):
            raise refusals.invalid(f"{path}.transcript", "a string or null")
        audio = part.get("audio") or ""
        if not isinstance(audio, str):
            raise refusals.invalid(f"{path}.audio", "a base64 string")
        seconds = len(audio) * 3 / 4 / 48_000
        return {"type": kind, "transcript": transcript}, usage.heard_tokens(seconds)
    return {"type": kind, "image_url": str(part.get("image_url", ""))}, Tokens()
