from harness.analysis.objectives.quantities import (
    Attainment,
    Continuity,
    CostPerMinute,
    FailureRate,
    Percentile,
)
from harness.errors import Party


def test_each_quantity_has_a_name_and_a_unit() -> None:
    assert str(Percentile("greeting", 99.9)) == "greeting P99.9"
    assert Percentile("greeting", 50).shown(801.4) == "801 ms"
    assert str(FailureRate()) == "failure rate"
    assert str(FailureRate(Party.NETWORK)) == "failure rate (network)"
    assert FailureRate().shown(0.0123) == "1.23%"
    assert str(Continuity(60)) == "continuity with a buffer of 60 ms"
    assert CostPerMinute().shown(0.25) == "0.2500"


def test_of_some_quantities_more_is_better() -> None:
    assert Attainment("greeting", 1.0).at_least
    assert Continuity(20).at_least
    for quantity in (Percentile("greeting", 5), FailureRate(), CostPerMinute()):
        assert not quantity.at_least
