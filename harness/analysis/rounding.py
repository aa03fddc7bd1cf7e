"""Numbers as the summary states them, with as many digits as a reader can use."""

from dataclasses import fields, replace
from typing import Any, TypeVar, overload

Record = TypeVar("Record")

RATE_DIGITS = 6
"""Decimals of a share of 1 and of an amount of money; a latency in ms or a time in s has three."""


@overload
def rounded(value: float, digits: int = 3) -> float: ...
@overload
def rounded(value: float | None, digits: int = 3) -> float | None: ...
def rounded(value: float | None, digits: int = 3) -> float | None:
    """Return a number with so many decimals; what is not known stays unknown."""
    return None if value is None else round(value, digits)


def rounded_fields(record: Record) -> Record:
    """Return a frozen dataclass with each of its numbers rounded to three decimals."""
    found: dict[str, Any] = {
        field.name: getattr(record, field.name)
        for field in fields(record)  # type: ignore[arg-type]
    }
    numbers = {name: rounded(value) for name, value in found.items() if isinstance(value, float)}
    return replace(record, **numbers)  # type: ignore[type-var]
