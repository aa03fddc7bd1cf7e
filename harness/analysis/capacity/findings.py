"""Everything a capacity search found, and the one verdict it comes to."""

from dataclasses import dataclass

from harness.analysis.capacity.boundary import Boundary, name_boundary
from harness.analysis.capacity.drift import Drift
from harness.analysis.capacity.limit import (
    FittedCurve,
    Limit,
    find_limit,
    fit_steps,
    fitted_curves,
)
from harness.analysis.capacity.search import IN_WORDS, Ending, Search
from harness.analysis.capacity.spike import Spike
from harness.analysis.capacity.step import StepResult
from harness.analysis.objectives.verdict import GateVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityFindings:
    """What a search found.

    Attributes:
        steps: All steps, in order.
        ending: Why the search is over; `None` while it is not.
        limit: The limit; `None` where no step says anything of the target.
        boundary: How it is passed; `None` without a limit.
        curves: The fitted curve of each objective.
        notes: What else a reader must know.
        spike: What a load of twice the limit did, where that was asked for.
        soak: What drifted over a long run, where that was asked for.
        not_made: What was asked for after the search and was not made, each with the reason.
    """

    steps: tuple[StepResult, ...]
    ending: Ending | None
    limit: Limit | None
    boundary: Boundary | None
    curves: tuple[FittedCurve, ...]
    notes: tuple[str, ...] = ()
    spike: Spike | None = None
    soak: tuple[Drift, ...] = ()
    not_made: tuple[tuple[str, str], ...] = ()

    @property
    def sentence(self) -> str:
        """The result in one sentence."""
        told = (None, Ending.FOUND, Ending.NOTHING_HELD)
        ended = "" if self.ending in told else f" ({IN_WORDS[self.ending]})"
        limit = self.limit
        if limit is None:
            return f"The limit is not known{ended}."
        if limit.calls is None or self.ending in (Ending.GENERATOR, Ending.UNTOLD):
            return f"At least {limit.most} calls{ended}."
        high = "unknown" if limit.high is None else f"{limit.high}"
        interval = f"{limit.calls} calls [{limit.low}, {high}]"
        if limit.high == 0:
            return f"Not even one call meets the objectives{ended}."
        if limit.calls == 0 or self.ending is Ending.NOTHING_HELD:
            return f"No load that was tried meets the objectives: {interval}{ended}."
        return f"{interval}{ended}."

    def verdict(self, wanted: int | None) -> GateVerdict:
        """Return what the search comes to.

        Args:
            wanted: How many calls the target has to hold; `None` where only the limit matters.
        """
        limit = self.limit
        if limit is None:
            return GateVerdict.INCONCLUSIVE
        if wanted is not None:
            low = limit.most if limit.calls is None else limit.low
            if low >= wanted:
                return GateVerdict.PASS
            missed = limit.high is not None and limit.high < wanted
            return GateVerdict.FAIL if missed else GateVerdict.INCONCLUSIVE
        if limit.high == 0:
            return GateVerdict.FAIL
        return GateVerdict.PASS if self.ending is Ending.FOUND else GateVerdict.INCONCLUSIVE


def findings_of(search: Search, notes: tuple[str, ...] = ()) -> CapacityFindings:
    """Put together what a search has found so far.

    Args:
        search: The search, over or not.
        notes: What else a reader must know.
    """
    steps = tuple(search.results)
    known = bool(fit_steps(steps))
    return CapacityFindings(
        steps=steps,
        ending=search.ending,
        limit=find_limit(steps) if known else None,
        boundary=name_boundary(steps) if known else None,
        curves=fitted_curves(steps) if known else (),
        notes=notes,
    )
