import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.plan.arrivals import (
    Arrivals,
    parse_arrivals,
    parse_calls_per_minute,
)

S = 1_000_000_000


def starts_s(arrivals: Arrivals, calls: int) -> list[float]:
    found = [arrivals.start_ns(number) for number in range(calls)]
    return [start_ns / S for start_ns in found if start_ns is not None]


@given(st.integers(0, 2**32), st.permutations(range(40)))
def test_a_start_is_the_same_whoever_draws_it_and_in_which_order(
    seed: int, order: list[int]
) -> None:
    alone = starts_s(parse_arrivals("30/min", seed), 40)
    other = parse_arrivals("30/min", seed)
    drawn = {number: other.start_ns(number) for number in order}
    assert [(drawn[number] or 0) / S for number in range(40)] == alone
    assert alone == sorted(alone)
    assert alone[0] > 0


@given(st.lists(st.integers(0, 5), min_size=2, max_size=20).filter(any))
def test_every_minute_has_as_many_calls_as_were_counted_for_it(counts: list[int]) -> None:
    arrivals = parse_arrivals(",".join(map(str, counts)), 1)
    assert arrivals.calls == sum(counts)
    starts = starts_s(arrivals, sum(counts))
    assert [sum(at // 60 == minute for at in starts) for minute in range(len(counts))] == counts
    assert starts == sorted(starts)
    assert arrivals.start_ns(sum(counts)) is None


def test_another_seed_has_other_starts() -> None:
    assert parse_arrivals("1/s", 1).start_ns(0) != parse_arrivals("1/s", 2).start_ns(0)


def test_gaps_of_a_constant_rate_are_exponential() -> None:
    gaps_s = np.diff(starts_s(parse_arrivals("120/min", 5), 5_000))
    assert gaps_s.mean() == pytest.approx(0.5, rel=0.05)
    # An exponential distribution has its mean for standard deviation; one in e exceeds it.
    assert gaps_s.std() == pytest.approx(0.5, rel=0.08)
    assert (gaps_s > gaps_s.mean()).mean() == pytest.approx(np.exp(-1), abs=0.02)


def test_units_are_those_that_are_written() -> None:
    assert starts_s(parse_arrivals("60/min", 1), 9) == pytest.approx(
        starts_s(parse_arrivals("1/s", 1), 9)
    )
    assert starts_s(parse_arrivals("1800/h", 1), 9) == pytest.approx(
        starts_s(parse_arrivals("0.5/s", 1), 9)
    )


def test_a_ramp_begins_calls_at_the_rate_it_has_come_to() -> None:
    starts = np.array(starts_s(parse_arrivals("1/s..5/s in 1000s", 3), 6_000))
    per_s = np.histogram(starts, bins=[0, 100, 450, 550, 900, 1_000, 1_200])[0] / np.array(
        [100, 350, 100, 350, 100, 200]
    )
    assert per_s == pytest.approx([1.2, 2.1, 3.0, 3.9, 4.8, 5.0], rel=0.12)


def test_a_ramp_may_go_down() -> None:
    starts = np.array(starts_s(parse_arrivals("600/min..60/min in 5m", 3), 1_600))
    assert (starts < 30).sum() > 5 * ((starts > 270) & (starts < 300)).sum()


def test_a_ramp_takes_as_long_as_the_run_or_as_its_calls() -> None:
    by_time = parse_arrivals("1/s..3/s", 1, run_s=60, calls=9)
    assert by_time.text == "1/s..3/s in 60s"
    assert parse_arrivals("1/s..3/s", 1, calls=120).text == "1/s..3/s in 60s"


@pytest.mark.parametrize(
    "text", ["30/min", "10/min..60/min in 90s", "3,0,12", "0.5/s", "10/min..60/min in 1h30m"]
)
def test_what_is_written_down_makes_the_same_arrivals(text: str) -> None:
    arrivals = parse_arrivals(text, 7)
    again = parse_arrivals(arrivals.text, 7)
    assert starts_s(again, 15) == starts_s(arrivals, 15)
    assert again.text == arrivals.text


def test_a_table_has_exactly_its_calls_in_each_minute() -> None:
    arrivals = parse_calls_per_minute("minute,calls\n0,3\n1,0\n2,5\n", 1, "day.csv")
    starts = starts_s(arrivals, 9)
    assert arrivals.calls == len(starts) == 8
    assert list(np.histogram(starts, bins=[0, 60, 120, 180])[0]) == [3, 0, 5]
    assert starts == sorted(starts)
    assert arrivals.start_ns(8) is None


@pytest.mark.parametrize("text", ["1,4\n2,6", "4\n6", "calls\n4\n6\n\n", " 0 , 4\r\n 1 , 6\r\n"])
def test_tables_may_be_written_in_several_ways(text: str) -> None:
    assert parse_calls_per_minute(text, 1, "day.csv").text == "4,6"


def test_a_table_of_one_minute_is_written_down_as_one() -> None:
    arrivals = parse_calls_per_minute("9", 1, "day.csv")
    assert starts_s(parse_arrivals(arrivals.text, 1), 20) == starts_s(arrivals, 20)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0,3\n2,3", "line 2: minute 1 is missing"),
        ("3,3\n4,3", "line 1: begins at minute 3"),
        ("-1,3\n0,3", "line 1: minute -1 lies in the past"),
        ("0,3\n1,3\n1,3", "line 3: minute 1 lies in the past"),
        ("0,3\n1,-3", "line 2: has fewer than no calls"),
        ("0,3\n1,many", "line 2: is no row"),
        ("0,3\n1,2.5", "line 2: is no row"),
        ("0,3,4\n1,2,5", "line 1: is no row"),
        ("minute,calls\n", "holds no minute"),
        ("", "holds no minute"),
        ("0,0\n1,0", "no minute has a call"),
        ("0,99999999", "at most"),
    ],
)
def test_a_table_that_is_no_schedule_is_refused_by_its_line(text: str, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_calls_per_minute(text, 1, "day.csv")
    assert words in str(refused.value)
    assert "day.csv" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0/min", "a rate must be above 0"),
        ("10/min..0/min in 5m", "above 0"),
        ("30", "is no rate"),
        ("-3/min", "is no rate"),
        ("nan/s", "is no rate"),
        ("30/day", "is no rate"),
        ("10/min..", "is no rate"),
        ("5000/s", "1000 calls"),
        ("10/min..60/min", "how long the ramp takes is not said"),
        ("10/min..60/min in soon", "is no length of time"),
        ("10/min in 5m", "has no length"),
        ("0,0,0", "no minute has a call"),
    ],
)
def test_what_is_no_schedule_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_arrivals(text, 1)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_ramp_is_said_in_whole_so_that_its_text_reads_back_as_it() -> None:
    ramp = parse_arrivals("1/s..3/s", 1, calls=121)
    again = parse_arrivals(ramp.text, 1)
    assert again.text == ramp.text
    assert [again.start_ns(call) for call in range(150)] == [
        ramp.start_ns(call) for call in range(150)
    ]
