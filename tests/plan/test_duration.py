import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.plan.duration import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("5m", 300),
        ("2h", 7200),
        ("1h30m", 5400),
        ("2h1s", 7201),
        ("0.5s", 0.5),
        (" 1.5h ", 5400),
    ],
)
def test_lengths_of_time_are_written_as_for_locust(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "soon", "5 m", "-5s", "m", "5d", "5m2h", "."])
def test_what_is_no_length_of_time_is_none(text: str) -> None:
    assert parse_duration(text) is None


@given(st.integers(0, 99), st.integers(0, 99), st.integers(1, 99))
def test_parts_add_up(hours: int, minutes: int, seconds: int) -> None:
    written = f"{hours}h{minutes}m{seconds}s"
    assert parse_duration(written) == 3600 * hours + 60 * minutes + seconds
