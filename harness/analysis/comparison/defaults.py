"""What is compared where no file says what."""

from harness.analysis.objectives.objective import Objective, Scale, Tolerance
from harness.analysis.objectives.quantities import FailureRate, Percentile

TOLERANCE = 0.05
"""How much slower is tolerated, as a share of the baseline."""

_POINTS = 0.01


def default_objectives(
    tolerance: float = TOLERANCE, metric: str = "voice_to_voice"
) -> tuple[Objective, ...]:
    """Return the headline's P95 as what decides, its median and the failures as secondary.

    Args:
        tolerance: How much slower is tolerated; of failures it is one point of percent.
        metric: Name of the headline.
    """
    return (
        Objective(
            quantity=Percentile(metric, 95),
            tolerance=Tolerance(tolerance, Scale.RATIO),
            primary=True,
        ),
        Objective(quantity=Percentile(metric, 50), tolerance=Tolerance(tolerance, Scale.RATIO)),
        Objective(quantity=FailureRate(), tolerance=Tolerance(_POINTS, Scale.DIFFERENCE)),
    )
