from harness.analysis.rounding import RATE_DIGITS, rounded, rounded_fields
from harness.model import UpdateStats


def test_what_is_not_known_is_not_rounded_to_a_number() -> None:
    assert rounded(None) is None
    assert (rounded(1.23456), rounded(0.1234567, RATE_DIGITS)) == (1.235, 0.123457)


def test_every_number_of_a_record_is_rounded_and_counts_stay_counts() -> None:
    found = rounded_fields(UpdateStats(planned=3, done=2, failed=1, lag_p50_ms=1.23456))
    assert found == UpdateStats(planned=3, done=2, failed=1, lag_p50_ms=1.235)
