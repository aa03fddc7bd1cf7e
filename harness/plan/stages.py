"""How many callers there are at each moment of a run that goes through stages."""

import math
from collections.abc import Sequence

from harness.errors import BadInput

# Seconds a stage takes, and the callers at its end.
Stage = tuple[float, int]


def check_stages(stages: Sequence[Stage], where: str) -> None:
    """Refuse stages that no run can go through.

    Args:
        stages: Seconds and callers of each.
        where: What messages call them.

    Raises:
        BadInput: There is none, one takes no time or has no whole number of callers.
    """
    hint = "Write stages = ((60, 20), (300, 20)): seconds, and callers at the end of them"
    if not isinstance(stages, list | tuple) or not stages:
        raise BadInput("has no stages", where=where, hint=hint)
    for stage in stages:
        if not isinstance(stage, list | tuple) or len(stage) != 2 or not all(map(_counts, stage)):
            raise BadInput(f"{stage!r} is no stage", where=where, hint=hint)
        if not 0 < stage[0] < math.inf or int(stage[1]) != stage[1] or stage[1] < 0:
            words = f"a stage of {stage[0]} s with {stage[1]} callers cannot be"
            raise BadInput(words, where=where, hint=hint)
    if not any(callers for _, callers in stages):
        raise BadInput("no stage has a caller", where=where, hint=hint)


def scaled(stages: Sequence[Stage], callers: int | None, seconds: float | None) -> list[Stage]:
    """Return stages with another peak and another length, in the same proportions.

    Args:
        stages: As they are written.
        callers: Most callers at once, `None` for as many as are written.
        seconds: Length of all together, `None` for as it is written.
    """
    most = max(count for _, count in stages)
    total_s = sum(length_s for length_s, _ in stages)
    return [
        (
            length_s if seconds is None else length_s * seconds / total_s,
            count if callers is None else math.ceil(count * callers / most),
        )
        for length_s, count in stages
    ]


def callers_at(stages: Sequence[Stage], at_s: float) -> tuple[int, float] | None:
    """Return how many callers there are, and how many start or stop a second; `None` at the end.

    From one stage's callers to the next ones' they change steadily.

    Args:
        stages: Checked ones.
        at_s: Since the first stage began.
    """
    before, begins_s = 0, 0.0
    for length_s, callers in stages:
        if at_s < begins_s + length_s:
            per_s = (callers - before) / length_s
            return round(before + per_s * (at_s - begins_s)), abs(per_s)
        begins_s += length_s
        before = callers
    return None


def _counts(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
