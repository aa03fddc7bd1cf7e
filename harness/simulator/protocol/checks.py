"""Small checks of JSON values, put together into tables: each refuses what it does not accept."""

from collections.abc import Callable, Mapping
from typing import Any

from harness.simulator.protocol import refusals

Check = Callable[[Any, str], None]


def check_fields(value: Any, known: Mapping[str, Check], path: str) -> None:
    """Refuse anything but an object whose fields are all known and good.

    Args:
        value: What the client sent.
        known: Check of each field there may be.
        path: Dotted path of the object, for the refusal.
    """
    if not isinstance(value, dict):
        raise refusals.invalid(path, "an object")
    for name, inner in value.items():
        if name not in known:
            raise refusals.unknown(f"{path}.{name}")
        known[name](inner, f"{path}.{name}")


def anything(value: Any, path: str) -> None:
    """Accept what has no effect here."""


def fields(**known: Check) -> Check:
    """Return a check for an object with these fields, each of which may be absent."""

    def check(value: Any, path: str) -> None:
        check_fields(value, known, path)

    return check


def nullable(check: Check) -> Check:
    """Return a check that accepts null as well."""

    def check_unless_null(value: Any, path: str) -> None:
        if value is not None:
            check(value, path)

    return check_unless_null


def one_of(*allowed: Any) -> Check:
    """Return a check for one of some values, types included."""

    def check(value: Any, path: str) -> None:
        if not any(value == choice and type(value) is type(choice) for choice in allowed):
            raise refusals.invalid(path, f"one of {', '.join(map(repr, allowed))}")

    return check


def kind(kind: type, words: str) -> Check:
    """Return a check for a type, named in words."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, kind):
            raise refusals.invalid(path, words)

    return check


def number(low: float, high: float, *, whole: bool = False) -> Check:
    """Return a check for a number from `low` to `high`."""
    kinds = int if whole else (int, float)
    words = f"{'an integer' if whole else 'a number'} from {low:g} to {high:g}"

    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            raise refusals.invalid(path, words)

    return check


def by_type(**tables: Mapping[str, Check]) -> Check:
    """Return a check that chooses the table of fields by the object's `type`."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise refusals.invalid(path, "an object")
        named = value.get("type", next(iter(tables)))
        if not isinstance(named, str) or named not in tables:
            raise refusals.invalid(f"{path}.type", f"one of {', '.join(map(repr, tables))}")
        check_fields(value, {"type": anything, **tables[named]}, path)

    return check


text = kind(str, "a string")
flag = kind(bool, "true or false")
listing = kind(list, "a list")
mapping = kind(dict, "an object")
