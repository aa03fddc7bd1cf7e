"""What a page shows beside the run itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis import GateReport
from harness.analysis.history.series import Series
from harness.model.capacity_document import CapacityDocument, CapacityWorth


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Findings that come from more than the run's own records; each may be missing.

    Attributes:
        past: Percentiles of the runs before it.
        comparison: The run against baseline runs.
        capacity: The result of a capacity search.
        worth: What that is worth, by the lengths of this run's calls.
    """

    past: Sequence[Series] = ()
    comparison: GateReport | None = None
    capacity: CapacityDocument | None = None
    worth: CapacityWorth | None = None


ALONE = Beside()
"""Nothing but the run."""
