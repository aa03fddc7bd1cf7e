import numpy as np
import pytest

from harness.analysis.costs.rates import CallTable


def test_a_ratio_of_sums_has_an_interval_of_calls() -> None:
    table = CallTable({"amount": [1.0, 3.0, 2.0, 6.0] * 5, "minutes": [1.0, 3.0, 4.0, 2.0] * 5})
    value, low, high = table.ratio("amount", "minutes")
    assert value == pytest.approx(1.2)
    assert low is not None
    assert high is not None
    assert low < 1.2 < high


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        minutes = rng.gamma(4.0, 1.0, 40)
        amount = minutes * 0.2 * np.exp(rng.normal(0, 0.3, 40)) / np.exp(0.045)
        _, low, high = CallTable({"a": list(amount), "m": list(minutes)}).ratio("a", "m")
        held += low is not None and high is not None and low <= 0.2 <= high
    assert 180 <= held <= 199


def test_one_call_has_a_value_and_no_interval() -> None:
    assert CallTable({"a": [4.0], "m": [2.0]}).ratio("a", "m") == (2.0, None, None)


def test_an_average_of_few_calls_reaches_no_further_than_0() -> None:
    _, low, _ = CallTable({"a": [0.0, 0.0, 9.0], "m": [1.0, 1.0, 1.0]}).ratio("a", "m")
    assert low == 0.0


def test_nothing_below_the_line_is_nothing_known() -> None:
    assert CallTable({"a": [4.0, 1.0], "m": [0.0, 0.0]}).ratio("a", "m") == (None, None, None)
    assert CallTable({"a": [], "m": []}).ratio("a", "m") == (None, None, None)


def test_what_few_calls_have_gets_no_interval() -> None:
    table = CallTable({"a": [1.0] * 3, "solved": [1.0, 0.0, 0.0]})
    assert table.ratio("a", "solved") == (3.0, None, None)


def test_a_slope_is_that_of_a_line_through_all_points() -> None:
    x = [0.0, 1.0, 2.0]
    names = ("n", "x", "y", "xx", "xy")
    calls = []
    for step in (1.0, 3.0, 2.0, 2.0):
        y = [5.0 + step * each for each in x]
        xy = sum(a * b for a, b in zip(x, y, strict=True))
        calls.append((3.0, sum(x), sum(y), sum(each * each for each in x), xy))
    columns = {name: [call[i] for call in calls] for i, name in enumerate(names)}
    value, low, high = CallTable(columns).slope(names)
    assert value == pytest.approx(2.0)
    assert low is not None
    assert high is not None
    assert low < 2.0 < high


def test_no_line_goes_through_one_position() -> None:
    names = ("n", "x", "y", "xx", "xy")
    columns = {name: [value, value] for name, value in zip(names, (1, 0, 3, 0, 0), strict=True)}
    assert CallTable(columns).slope(names) == (None, None, None)
    assert CallTable({name: [] for name in names}).slope(names) == (None, None, None)
