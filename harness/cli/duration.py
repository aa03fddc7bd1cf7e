"""Durations on the command line: written as 90s, 5m or 1h30m, said in their size."""

from typing import Any

import click

from harness.plan.duration import parse_duration


class Duration(click.ParamType[float]):
    """A duration, read into seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the seconds that a text stands for."""
        if isinstance(value, float):
            return value
        seconds = parse_duration(str(value))
        if seconds is None:
            self.fail(f"{value!r} is not a duration such as 90s, 5m or 1h30m", param, ctx)
        return seconds


DURATION = Duration()


def in_words(seconds: float) -> str:
    """Return a duration in words: 40 s, 12 min, 2.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
