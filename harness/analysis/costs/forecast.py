"""What a volume of calls will cost, from the averages of a run and their intervals."""

from dataclasses import dataclass

from harness.analysis.costs.account import CALL, MINUTE
from harness.model.cost_summary import CostDetail


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A forecast.

    Attributes:
        volume: How many.
        of: Of what, `call` or `minute`.
        value: What they will cost; `None` when it is not known.
        low: Lower end of the 95 % interval of the mean.
        high: Upper end.
        why: Why something is missing.
    """

    volume: float
    of: str
    value: float | None
    low: float | None
    high: float | None
    why: str = ""


def forecast(detail: CostDetail, *, calls: float | None, minutes: float | None) -> Forecast:
    """Return what so many calls, or minutes of conversation, will cost.

    The interval is that of the average: callers, prompts and prices must stay as they were here.

    Args:
        detail: The account of a run like those that will be held.
        calls: How many calls; `None` where minutes are given.
        minutes: How many minutes.
    """
    volume, of = (calls, CALL) if calls is not None else (minutes or 0.0, MINUTE)
    rate = detail.rate(of)
    value, low, high = (
        None if end is None else end * volume for end in (rate.value, rate.low, rate.high)
    )
    return Forecast(volume=volume, of=of, value=value, low=low, high=high, why=rate.why)
