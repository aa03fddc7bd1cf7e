"""Numbers as people read them: with units, rounded to what they carry, a dash for not measured."""

from datetime import datetime

from harness.errors import sanitised
from harness.model.summary import PairedSummary

MISSING = "\N{EN DASH}"
THIN = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


def number(value: float, digits: int | None = None) -> str:
    """Write a number: whole from 100 up, one digit from 10, two below, or `digits` of them."""
    if value == 0:
        return "0"
    if digits is None:
        size = abs(value)
        digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    text = f"{abs(value):,.{digits}f}".replace(",", THIN)
    negative = value < 0 and any(c in "123456789" for c in text)
    return MINUS + text if negative else text


def signed(value: float) -> str:
    """Write a difference with its sign, in hundredths below 10."""
    text = number(value)
    return text if text.startswith(MINUS) else f"+{text}"


def milliseconds(value: float | None) -> str:
    """Write a duration in ms with its unit."""
    return MISSING if value is None else f"{number(value)} ms"


def percent(share: float | None) -> str:
    """Write a share between 0 and 1 as a percentage."""
    if share is None:
        return MISSING
    digits = 0 if share in (0.0, 1.0) else 2 if share < 0.01 or share > 0.99 else 1
    return f"{share * 100:.{digits}f} %"


def money(amount: float | None, currency: str) -> str:
    """Write an amount of money so that its first digits show, however small."""
    if amount is None:
        return MISSING
    digits = 2 if abs(amount) >= 1 else 4
    return f"{currency} {number(amount, digits)}"


def counted(n: int, noun: str) -> str:
    """Write a count and its noun, plural where it is one."""
    return f"{number(n, 0)} {noun}{'' if n == 1 else 's'}"


def condition_name(name: str) -> str:
    """Write the name of a condition of the speech; originals have none of their own."""
    return sanitised(name) or "original"


def difference(found: PairedSummary, between: str = " to ") -> tuple[str, str]:
    """Write a comparison of a summary: the difference and its interval, or why there is none."""
    if found.value is None:
        return MISSING, sanitised(found.why)
    low, high = (MISSING if end is None else signed(end) for end in (found.low, found.high))
    return signed(found.value), f"{low}{between}{high}"


def moment(iso: str) -> str:
    """Write an ISO instant as day, time and zone; what is not one stays as it is."""
    try:
        return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M:%S %Z}".strip()
    except ValueError:
        return sanitised(iso)
