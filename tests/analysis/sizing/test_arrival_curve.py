import pytest

from harness.analysis.sizing.arrival_curve import parse_arrivals, plan_day
from harness.errors import BadInput

HOURS = [f"{hour:02}:00,{100 + 10 * hour}" for hour in range(24)]


def text(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def test_a_day_is_read() -> None:
    curve = parse_arrivals(text("time,calls", *HOURS), "day.csv")
    assert curve.step_min == 60
    assert curve.calls[:2] == (100, 110)
    assert curve.total == sum(100 + 10 * hour for hour in range(24))
    assert curve.time(13) == "13:00"
    quarters = [f"{h}:{m:02}, 5" for h in range(24) for m in (0, 15, 30, 45)]
    assert parse_arrivals(text(*quarters), "day.csv").step_min == 15


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (HOURS[:5] + HOURS[6:], "nothing is said of 05:00 to 06:00"),
        (HOURS[:20], "nothing is said from 20:00 to the end of the day"),
        (HOURS[1:], "nothing is said of 00:00 to 01:00"),
        (HOURS[:3] + HOURS[2:], "02:00 stands where 03:00 is next"),
        (["00:00,5", "00:00,6"], "do not ascend"),
        (["00:00,5"], "fewer than two"),
        (["00:00,5", "23:00,6"], "do not fill the day"),
        ([*HOURS[:2], "02:00,-4"], "'-4' is not a number of calls"),
        ([*HOURS[:2], "02:00,nan"], "'nan' is not a number of calls"),
        ([*HOURS[:2], "25:00,4"], "'25:00' is not a time of day"),
        ([*HOURS[:2], "02:00"], "has 1 columns"),
        ([f"{hour:02}:00,0" for hour in range(24)], "no call in the whole day"),
    ],
)
def test_a_day_that_cannot_be_used_is_one_line(lines: list[str], words: str) -> None:
    with pytest.raises(BadInput, match=words) as refused:
        parse_arrivals(text(*lines), "day.csv")
    assert "\n" not in str(refused.value)
    assert "day.csv" in str(refused.value)


def test_a_day_needs_its_peak_and_costs_its_hours() -> None:
    plan = plan_day(parse_arrivals(text(*HOURS), "day.csv"), 360, 10, 0.01)
    assert len(plan.fleets) == 24
    assert plan.fleets[0].erlangs == pytest.approx(10)
    assert plan.peak is plan.fleets[23]
    assert plan.fixed_hours == 24 * plan.peak.instances
    assert plan.scaled_hours == sum(fleet.instances for fleet in plan.fleets)
    assert plan.scaled_hours < plan.fixed_hours
