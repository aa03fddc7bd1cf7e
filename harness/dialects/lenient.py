"""Fields of messages, read leniently: one of another kind than expected is as good as absent."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from harness.dialects.base import MalformedMessage
from harness.errors import sanitised

# JSON numbers beyond are not exact, and no count of anything here.
_LARGEST_NUMBER = 2**53

_decode_any = msgspec.json.Decoder().decode


def decoded(message: bytes) -> object:
    """Return a message's value, also where it has what JSON forbids and some encoders write.

    That is NaN and numbers beyond all range, half of a character in two parts, bytes that are no
    UTF-8, and a byte order mark.

    Raises:
        MalformedMessage: It is no JSON even so.
    """
    try:
        return _decode_any(message)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        readable = message.decode("utf-8-sig", errors="replace").strip("\0")
    try:
        # Halves of characters cannot be written down again.
        return json.loads(readable, object_pairs_hook=_readable)
    except ValueError as error:
        raise MalformedMessage(sanitised(error)) from error


def _readable(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {_whole(name): _whole(value) for name, value in pairs}


def _whole(value: Any) -> Any:
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def mapping(value: object) -> dict[str, Any]:
    """Return a value that is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def part(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a field that is an object, else an empty one."""
    return mapping(fields.get(name))


def text(value: object) -> str:
    """Return a value that is text, else empty text."""
    return value if isinstance(value, str) else ""


def identifier(value: object) -> str:
    """Return an identifier or code, which may be a number."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number else text(value)


def flag(value: object) -> bool | None:
    """Return a truth value that may be written as text."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def as_json(value: object) -> str:
    """Return a value as JSON, or text as it is, to be shown."""
    return sanitised(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def raw_text(value: msgspec.Raw) -> str:
    """Return a value as the message writes it, which is read whole nowhere.

    Raises:
        MalformedMessage: It is not UTF-8.
    """
    try:
        return bytes(value).decode()
    except UnicodeDecodeError as error:
        raise MalformedMessage("a message that is not UTF-8") from error


def number(value: object) -> int | None:
    """Return a whole number that may be written as text or as a fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        whole = round(float(value))
    except (ValueError, OverflowError):
        return None
    return whole if abs(whole) <= _LARGEST_NUMBER else None
