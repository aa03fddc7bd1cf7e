"""A whole gate: what was judged, and the one verdict it comes to."""

from dataclasses import dataclass

from harness.analysis.objectives.judging import ObjectiveResult
from harness.analysis.objectives.verdict import GateVerdict, overall


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """Everything a gate found.

    Attributes:
        runs: The runs judged, by name.
        objectives: Absolute limits, of every run.
        confidence: Of every one-sided statement.
        caveats: What a reader must know, such as that a run is DEGRADED.
    """

    runs: tuple[str, ...]
    objectives: tuple[ObjectiveResult, ...]
    confidence: float
    caveats: tuple[str, ...] = ()

    @property
    def verdict(self) -> GateVerdict:
        """The verdict of all that decides."""
        return overall(result.verdict for result in self.objectives)
