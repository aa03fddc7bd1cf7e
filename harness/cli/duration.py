"""Durations on the command line: 90, 90s, 5m, 2h or 1h30m, in seconds."""

import re
from typing import Any

import click

_PARTS = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")


class Duration(click.ParamType[float]):
    """A duration, read into seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the seconds that a text stands for."""
        if isinstance(value, float):
            return value
        found = _PARTS.fullmatch(str(value).strip())
        seconds = 0.0
        if found is not None:
            hours, minutes, rest = (float(part or 0) for part in found.groups())
            seconds = 3600 * hours + 60 * minutes + rest
        if seconds <= 0:
            self.fail(f"{value!r} is not a duration such as 90s, 5m or 1h30m", param, ctx)
        return seconds


DURATION = Duration()


def in_words(seconds: float) -> str:
    """Return a duration in words: 40 s, 12 min, 2.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
