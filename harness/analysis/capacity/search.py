"""The search for the limit, as a state machine: which step comes next, given those so far.

Doubling until a load misses an objective; points between the last that met them and the first that
did not, in random order, so that what lingers between steps does not look like the load; again
until the two loads beside the limit are near enough; these repeated until it is clear on which side
of the limit they lie, or often enough; one load well beyond, to tell a knee from a cliff.

A step in which the generator was unfit is repeated; if it is unfit again, the search is over: the
generator, not the target, is the limit. So it is where nothing tells of an objective. The same
results in the same order always lead to the same next step, so a search that was interrupted goes
on where it stopped.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from harness.analysis.capacity.boundary import BEYOND, beyond, bracket
from harness.analysis.capacity.limit import fit_steps, fitted_curves
from harness.analysis.capacity.step import StepResult
from harness.analysis.intervals import normal_quantile

_UPPER = 0.975
_GROWTH_AFTER_FAILURE = 1.25


class Ending(StrEnum):
    """Why a search is over."""

    FOUND = "found"
    NOTHING_HELD = "nothing held"
    MOST_HELD = "most held"
    GENERATOR = "generator"
    UNTOLD = "untold"
    TIME = "time"
    MONEY = "money"
    UNPRICED = "unpriced"


IN_WORDS = {
    Ending.FOUND: "the limit lies between two loads that are near enough",
    Ending.NOTHING_HELD: "no load that was tried meets the objectives",
    Ending.MOST_HELD: "the largest load that was to be tried meets them",
    Ending.GENERATOR: "the generator, not the target, is the limit",
    Ending.UNTOLD: "at the next load nothing tells of an objective",
    Ending.TIME: "the budget of time is spent",
    Ending.MONEY: "the budget of money is spent",
    Ending.UNPRICED: "what a step costs is not known, so a budget of money cannot be kept",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRule:
    """How to search.

    Attributes:
        start: The first load, in held calls.
        most: The largest load that is tried.
        precision: The two loads beside the limit are at most this share apart, or one call.
        interior: Most points between two loads at once.
        repeats: Runs at each of the two loads beside the limit, at most.
        fewest_repeats: The same, at least.
        again: How often a step is repeated that was unfit.
        budget_s: Time for all steps; `None` for any.
        budget_cost: Money for all steps; `None` for any.
    """

    start: int = 1
    most: int = 10_000
    precision: float = 0.08
    interior: int = 4
    repeats: int = 4
    fewest_repeats: int = 3
    again: int = 1
    budget_s: float | None = None
    budget_cost: float | None = None

    def __post_init__(self) -> None:
        """Refuse what searches nothing."""
        if not 1 <= self.start <= self.most or self.precision <= 0 or self.interior < 1:
            raise ValueError("nothing to search")
        if not 1 <= self.fewest_repeats <= self.repeats:
            raise ValueError("more repeats at least than at most")


@dataclass(slots=True)
class Search:
    """Asks for steps until the limit is known.

    Attributes:
        rule: How to search.
        rng: Source of the order of points.
        results: Steps so far, in order.
    """

    rule: SearchRule
    rng: np.random.Generator
    results: list[StepResult] = field(default_factory=list)
    _queue: list[int] = field(default_factory=list)
    _ending: Ending | None = None
    _far_tried: bool = False

    def __post_init__(self) -> None:
        """Begin with the first load, or take the steps there are."""
        before, self.results = self.results, []
        self._queue = [self.rule.start]
        for result in before:
            self.record(result)

    @property
    def ending(self) -> Ending | None:
        """Why the search is over; `None` while it is not."""
        return self._ending or self._out_of_budget()

    @property
    def next(self) -> int | None:
        """The load of the next step, `None` when the search is over."""
        return None if self.ending is not None else self._queue[0]

    @property
    def steps_left(self) -> int:
        """About how many steps are left; more while nothing has missed an objective."""
        if self.ending is not None:
            return 0
        left, fit = len(self._queue), fit_steps(self.results)
        beside = bracket(fit) if fit else None
        if beside is None:
            return left + self.rule.interior + 2 * self.rule.fewest_repeats
        needed = max(0, round(math.log(beside[1] / beside[0]) / math.log1p(self.rule.precision)))
        narrow = min(max(0, needed - 1), self.rule.interior + 1) if beside[1] - beside[0] > 1 else 0
        repeats = 2 * self.rule.fewest_repeats - sum(s.load in beside for s in fit)
        return max(left, narrow + max(0, repeats) + (beyond(fit) is None))

    def record(self, result: StepResult) -> None:
        """Take what came of the step that was asked for."""
        self.results.append(result)
        if self._queue and self._queue[0] == result.load:
            self._queue.pop(0)
        if result.unfit:
            self._take_unfit(result)
        if not self._queue and self._ending is None:
            self._plan()

    def _take_unfit(self, result: StepResult) -> None:
        unfit = sum(step.load == result.load and bool(step.unfit) for step in self.results)
        if self._is_beyond(result.load):
            return
        if unfit <= self.rule.again:
            self._queue.insert(0, result.load)
        else:
            self._ending = Ending.UNTOLD if result.untold else Ending.GENERATOR

    def _is_beyond(self, load: int) -> bool:
        """Return whether a load only tells what comes after the limit."""
        fit = fit_steps(self.results)
        beside = bracket(fit) if fit else None
        return self._far_tried and beside is not None and load >= beside[1] * BEYOND

    def _plan(self) -> None:
        """Fill the queue, or end the search."""
        fit = fit_steps(self.results)
        loads = sorted({step.load for step in fit})
        roots = [one.root for one in fitted_curves(fit)]
        root = min(roots)
        if root < loads[0]:
            self._go_down(loads[0], loads[-1], fit)
        elif math.isinf(root):
            self._go_up(loads[-1], fit)
        else:
            beside = bracket(fit)
            assert beside is not None
            self._narrow(*beside, fit)

    def _go_down(self, least: int, largest: int, fit: Sequence[StepResult]) -> None:
        if least > 1:
            self._queue = [max(1, least // 2)]
        elif sum(step.load == 1 for step in fit) < self.rule.fewest_repeats:
            self._queue = [1]
        elif any(_is_missed([s for s in fit if s.load == load]) for load in (1, largest)):
            self._ending = Ending.NOTHING_HELD
        else:
            # A single call makes few turns: whether it meets the objectives, more will tell.
            self._go_up(largest, fit)

    def _go_up(self, largest: int, fit: Sequence[StepResult]) -> None:
        if largest >= self.rule.most:
            self._ending = Ending.MOST_HELD
            return
        missed = any(_is_missed([step]) for step in fit)
        growth = _GROWTH_AFTER_FAILURE if missed else 2.0
        self._queue = [min(self.rule.most, max(largest + 1, round(largest * growth)))]

    def _narrow(self, low: int, high: int, fit: Sequence[StepResult]) -> None:
        points = _between(low, high, self.rule)
        if points:
            self._queue = [int(point) for point in self.rng.permutation(points)]
            return
        again = [load for load in (low, high) if self._unclear(load, fit)]
        if again:
            self._queue = [int(load) for load in self.rng.permutation(again)]
        elif beyond(fit) is None and not self._far_tried and high < self.rule.most:
            self._far_tried = True
            self._queue = [min(self.rule.most, max(high + 1, math.ceil(high * 1.5)))]
        else:
            self._ending = Ending.FOUND

    def _unclear(self, load: int, fit: Sequence[StepResult]) -> bool:
        """Return whether a load beside the limit is to be measured once more."""
        runs = [step for step in fit if step.load == load]
        if len(runs) < self.rule.fewest_repeats:
            return True
        if len(runs) >= self.rule.repeats:
            return False
        mean, sd = _smallest_margin(runs)
        return abs(mean) < normal_quantile(_UPPER) * sd

    def _out_of_budget(self) -> Ending | None:
        """Return why the next step cannot be afforded, by what those so far took."""
        if not self.results or not self._queue:
            return None
        seconds = [step.seconds for step in self.results]
        expected = sum(seconds) + sum(seconds) / len(seconds)
        if self.rule.budget_s is not None and expected > self.rule.budget_s:
            return Ending.TIME
        if self.rule.budget_cost is not None:
            known = [step for step in self.results if step.cost is not None]
            if not known:
                return Ending.UNPRICED
            spent = sum(step.cost or 0.0 for step in known)
            callers = sum(step.load for step in known)
            ahead = spent / callers * self._queue[0] if callers else 0.0
            if spent + ahead > self.rule.budget_cost:
                return Ending.MONEY
        return None


def _smallest_margin(runs: Sequence[StepResult]) -> tuple[float, float]:
    """Return the mean margin of the objective that is nearest to being missed, and its spread."""
    found = []
    for number in range(len(runs[0].shares)):
        shares = [run.shares[number] for run in runs]
        mean = sum(share.margin for share in shares) / len(shares)
        found.append((mean, math.sqrt(sum(share.sd**2 for share in shares)) / len(shares)))
    return min(found)


def _is_missed(runs: Sequence[StepResult]) -> bool:
    """Return whether an objective is missed beyond chance."""
    mean, sd = _smallest_margin(runs)
    return mean + normal_quantile(_UPPER) * sd < 0


def _between(low: int, high: int, rule: SearchRule) -> list[int]:
    """Return the loads to measure between two, evenly in the logarithm."""
    if high - low <= 1 or high <= low * (1 + rule.precision):
        return []
    wanted = math.ceil(math.log(high / low) / math.log1p(rule.precision)) - 1
    count = max(1, min(wanted, rule.interior, high - low - 1))
    parts = np.arange(1, count + 1) / (count + 1)
    points = {round(low * (high / low) ** float(part)) for part in parts}
    return sorted(point for point in points if low < point < high)
