"""How sizes of comparisons are written, the same in every view of a gate."""

import math
from collections.abc import Sequence

from harness.analysis import Comparison, Scale
from harness.analysis.comparison.effect import Design
from harness.analysis.comparison.replicate import Replicate
from harness.analysis.objectives.quantities import CostPerMinute, Percentile

_LAYOUT = {Design.PAIRED: "pairs", Design.UNPAIRED: "runs a side", Design.SINGLE: "runs a side"}


def size(found: Comparison, worse: float) -> str:
    """Return a size on the comparison's scale as a change of the quantity itself, with its sign."""
    quantity = found.objective.quantity
    change = -worse if quantity.at_least else worse
    if found.scale is Scale.RATIO:
        return f"{math.expm1(change):+.1%}"
    if isinstance(quantity, Percentile):
        return f"{change:+.0f} ms"
    if isinstance(quantity, CostPerMinute):
        return f"{change:+.4f}"
    return f"{100 * change:+.2f} points"


def change(found: Comparison) -> str:
    """Return the change with its bounds; why there is none where there is none."""
    if found.effect is None:
        return f"not compared: {found.why}"
    words = size(found, found.effect.estimate)
    if ends := bounds(found):
        words += f" [{ends}]"
    return f"{words}, {found.why}" if found.why else words


def bounds(found: Comparison) -> str:
    """Return both bounds of the change, the lower first; empty where neither is known."""
    ends = (found.low, found.high)
    if found.objective.quantity.at_least:
        ends = (found.high, found.low)
    if ends == (None, None):
        return ""
    return ", ".join("unknown" if end is None else size(found, end) for end in ends)


def tolerance(found: Comparison) -> str:
    """Return how much worse is tolerated."""
    return f"tolerance {size(found, found.tolerated)}"


def levels(found: Comparison) -> str:
    """Return what was measured on both sides, and from how many runs."""
    mine, theirs = _mean(found.candidate), _mean(found.baseline)
    if mine is None or theirs is None or found.effect is None:
        return ""
    shown = found.objective.quantity.shown
    effect = found.effect
    if effect.design is Design.PAIRED:
        runs = f"{effect.runs} pairs"
    else:
        runs = f"{effect.runs} against {effect.baseline_runs} runs"
    words = f"{shown(mine)} against {shown(theirs)}, {runs}"
    if effect.sd is not None:
        of = "pair" if effect.design is Design.PAIRED else "run"
        words += f", SD of a {of} {_spread(found, effect.sd)}"
    return words


def could_find(found: Comparison) -> str:
    """Return the smallest change that these runs could have found."""
    if found.detectable is None:
        return "no change could have been found"
    return f"found in 4 of 5 cases: a change of {size(found, found.detectable)} or worse"


def settling(found: Comparison) -> str:
    """Return what would settle an inconclusive comparison; empty for others."""
    if found.verdict != "inconclusive":
        return ""
    if found.effect is None:
        needs = (one.needs for one in (*found.candidate, *found.baseline) if one.needs)
        return next(needs, "what is said to be missing")
    if found.effect.se is None:
        return "several runs a side"
    if found.runs_needed is None:
        return "no number of runs: the change is at the tolerance"
    return f"about {found.runs_needed} {_LAYOUT[found.effect.design]}, if the change stays"


def _mean(side: Sequence[Replicate]) -> float | None:
    values = [one.value for one in side if one.value is not None]
    return sum(values) / len(values) if len(values) == len(side) else None


def _spread(found: Comparison, sd: float) -> str:
    if found.scale is Scale.RATIO:
        return f"{math.expm1(sd):.1%}"
    return size(found, sd).lstrip("+-")
