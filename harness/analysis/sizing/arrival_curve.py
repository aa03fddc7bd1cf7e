"""A day's arrivals from a table, and what they need and cost, hour by hour.

The table has two columns, `time` (HH:MM) and `calls` that arrive until the next time. It begins at
00:00 and goes on in equal steps to the end of the day: a gap would be taken for a quiet hour.
"""

import csv
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from harness.analysis.sizing.fleet import Fleet, fleet_for
from harness.errors import BadInput

_DAY_MIN = 24 * 60
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_HINT = "Give lines `time,calls` from 00:00 in equal steps to the end of the day"


@dataclass(frozen=True, slots=True)
class ArrivalCurve:
    """A day's arrivals.

    Attributes:
        step_min: Length of each step.
        calls: Calls that arrive in each.
    """

    step_min: int
    calls: tuple[float, ...]

    @property
    def total(self) -> float:
        """Calls of the day."""
        return sum(self.calls)

    def time(self, number: int) -> str:
        """Return when a step begins."""
        return f"{number * self.step_min // 60:02}:{number * self.step_min % 60:02}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """What a day needs.

    Attributes:
        curve: Its arrivals.
        fleets: Instances at each step.
        peak: The largest of them.
        scaled_hours: Instance-hours when instances come and go with the load.
        fixed_hours: Instance-hours when the peak's stay all day.
    """

    curve: ArrivalCurve
    fleets: tuple[Fleet, ...]
    peak: Fleet
    scaled_hours: float
    fixed_hours: float


def parse_arrivals(text: str, where: str) -> ArrivalCurve:
    """Read a day's arrivals.

    Args:
        text: The table, comma-separated; a head is optional.
        where: What an error calls it.

    Raises:
        BadInput: It has a gap, is not in order, or holds what is no time or number.
    """
    minutes: list[int] = []
    calls: list[float] = []
    for number, row in enumerate(csv.reader(text.splitlines()), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (not minutes and cells[:2] == ["time", "calls"]):
            continue
        at, count = _row(cells, f"{where}:{number}")
        minutes.append(at)
        calls.append(count)
    if len(minutes) < 2:
        raise BadInput("has fewer than two times", where=where, hint=_HINT)
    step = minutes[1] - minutes[0]
    _refuse_gaps(minutes, step, where)
    if not sum(calls):
        raise BadInput("has no call in the whole day", where=where, hint=_HINT)
    return ArrivalCurve(step, tuple(calls))


def plan_day(
    curve: ArrivalCurve, mean_call_s: float, per_instance: int, share: float, spare: int = 1
) -> DayPlan:
    """Return what a day needs.

    Each step is long against a call, so its load is that of its own arrivals.

    Args:
        curve: The arrivals.
        mean_call_s: Mean length of a call.
        per_instance: Calls that one instance holds.
        share: Share of calls that may be lost.
        spare: Instances that may be lost.
    """
    seconds = curve.step_min * 60
    fleets = [
        fleet_for(calls / seconds * mean_call_s, per_instance, share, spare)
        for calls in curve.calls
    ]
    peak = max(fleets, key=lambda fleet: (fleet.instances, fleet.erlangs))
    hours = curve.step_min / 60
    return DayPlan(
        curve=curve,
        fleets=tuple(fleets),
        peak=peak,
        scaled_hours=hours * sum(fleet.instances for fleet in fleets),
        fixed_hours=24.0 * peak.instances,
    )


def _row(cells: list[str], where: str) -> tuple[int, float]:
    if len(cells) != 2:
        raise BadInput(f"has {len(cells)} columns, not 2", where=where, hint=_HINT)
    found = _TIME.fullmatch(cells[0])
    if found is None:
        raise BadInput(f"{cells[0]!r} is not a time of day", where=where, hint=_HINT)
    try:
        count = float(cells[1])
    except ValueError:
        count = math.nan
    if not math.isfinite(count) or count < 0:
        raise BadInput(f"{cells[1]!r} is not a number of calls", where=where, hint=_HINT)
    return 60 * int(found[1]) + int(found[2]), count


def _refuse_gaps(minutes: Iterable[int], step: int, where: str) -> None:
    if step <= 0:
        raise BadInput("its times do not ascend", where=where, hint=_HINT)
    expected = 0
    for at in minutes:
        if at > expected:
            raise BadInput(
                f"has a gap: nothing is said of {_clock(expected)} to {_clock(at)}",
                where=where,
                hint=_HINT,
            )
        if at < expected:
            raise BadInput(
                f"{_clock(at)} stands where {_clock(expected)} is next", where=where, hint=_HINT
            )
        expected += step
    if expected != _DAY_MIN:
        raise BadInput(
            f"has a gap: nothing is said from {_clock(expected)} to the end of the day"
            if expected < _DAY_MIN
            else f"its steps of {step} min do not fill the day",
            where=where,
            hint=_HINT,
        )


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
