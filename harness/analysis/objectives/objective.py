"""One objective: a quantity, a part of the turns, an absolute limit, a tolerance to a baseline."""

from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.objectives.quantities import Percentile, Quantity

STRATA = ("network", "kind", "condition", "user_class")
"""By which attributes of turns a part of them can be chosen."""

DIALECT = "dialect"
"""By which fact of a whole run an objective can be limited to it."""


class Scale(StrEnum):
    """How a candidate is compared with its baseline: by ratio, or by difference in the unit."""

    RATIO = "ratio"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much worse than the baseline is tolerated.

    Attributes:
        size: A share of the baseline's value, or a difference in the quantity's own unit.
        scale: Which of the two.
    """

    size: float
    scale: Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What is asked of a run.

    Attributes:
        quantity: What is judged.
        limit: The absolute limit in the quantity's unit, itself met; `None` for none.
        tolerance: How much worse than a baseline it may be; `None` when it is not compared.
        where: Attribute to value, of the part of the turns that is judged; empty for all.
        primary: Its comparison decides; those of other objectives are secondary.
    """

    quantity: Quantity
    limit: float | None = None
    tolerance: Tolerance | None = None
    where: tuple[tuple[str, str], ...] = ()
    primary: bool = False

    @property
    def subject(self) -> str:
        """The quantity and the part of the turns, in words."""
        parts = ", ".join(
            value if key == "network" else f"{key} {value}" for key, value in self.where
        )
        return f"{self.quantity} on {parts}" if parts else str(self.quantity)

    def __str__(self) -> str:
        """Return the absolute part as one would say it."""
        if self.limit is None:
            return self.subject
        bound = "at least" if self.quantity.at_least else "at most"
        return f"{self.subject} {bound} {self._limit(self.limit)}"

    def _limit(self, limit: float) -> str:
        if isinstance(self.quantity, Percentile):
            return f"{limit:g} ms"
        return self.quantity.shown(limit)
