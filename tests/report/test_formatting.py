import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.formatting import (
    MINUS,
    MISSING,
    THIN,
    counted,
    milliseconds,
    moment,
    money,
    number,
    percent,
    signed,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.314, "0.31"),
        (9.994, "9.99"),
        (9.996, "10.0"),
        (99.94, "99.9"),
        (99.96, "100"),
        (1234.4, f"1{THIN}234"),
        (-0.4, f"{MINUS}0.40"),
        (-0.001, "0.00"),
    ],
)
def test_numbers_carry_about_three_digits(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(min_value=-1e6, max_value=1e6))
def test_written_number_reads_back_within_its_rounding(value: float) -> None:
    text = number(value).replace(THIN, "").replace(MINUS, "-")
    assert math.isclose(float(text), value, rel_tol=0.006, abs_tol=0.0051)


def test_what_is_not_measured_is_a_dash() -> None:
    assert milliseconds(None) == percent(None) == money(None, "USD") == MISSING


def test_differences_always_carry_a_sign() -> None:
    assert (signed(0.41), signed(-0.41)) == ("+0.41", f"{MINUS}0.41")


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (1.0, "100 %"), (0.0333, "3.3 %"), (0.0033, "0.33 %")]
)
def test_small_shares_keep_their_digits(share: float, text: str) -> None:
    assert percent(share) == text


def test_small_amounts_keep_their_digits() -> None:
    assert (money(0.0525, "USD"), money(1.5725, "USD")) == ("USD 0.0525", "USD 1.57")


def test_counts_agree_with_their_noun() -> None:
    assert (counted(1, "turn"), counted(1200, "turn")) == ("1 turn", f"1{THIN}200 turns")


def test_instants_read_as_day_and_time() -> None:
    assert moment("2026-01-02T03:04:05+00:00") == "2026-01-02 03:04:05 UTC"
    assert moment("yesterday") == "yesterday"
