import pytest

from harness.analysis.costs.forecast import forecast
from harness.model.cost_summary import CostDetail, CostRate

RATES = (
    CostRate(per="minute", value=0.2, low=0.1, high=0.3, n=50, calls=9),
    CostRate(per="call", value=None, why="no call of known length and cost"),
)
DETAIL = CostDetail(
    total=10.0,
    items=(),
    rates=RATES,
    shares=(),
    by_turn=(),
    growth=CostRate(per="further turn", value=None),
    elsewhere=(),
)


def test_a_month_is_the_average_and_its_interval_times_the_volume() -> None:
    found = forecast(DETAIL, calls=None, minutes=1_000.0)
    assert (found.of, found.volume) == ("minute", 1_000.0)
    assert found.value == pytest.approx(200.0)
    assert found.low == pytest.approx(100.0)
    assert found.high == pytest.approx(300.0)


def test_an_unknown_average_gives_an_unknown_month() -> None:
    found = forecast(DETAIL, calls=10.0, minutes=None)
    assert (found.value, found.low, found.high) == (None, None, None)
    assert "no call" in found.why
