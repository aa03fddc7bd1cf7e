"""Lengths of time as people write them: 90, 90s, 5m, 2h or 1h30m, as Locust's `--run-time`."""

import re

_PART = r"(\d+(?:\.\d+)?)"
_DURATION = re.compile(rf"(?=\d)(?:{_PART}h)?(?:{_PART}m)?(?:{_PART}s?)?")


def parse_duration(text: str) -> float | None:
    """Return the seconds a text stands for; `None` where it is no length of time above 0."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds or None
