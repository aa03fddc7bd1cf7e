import pytest

from harness.model import DurationSummary


def test_nothing_has_no_summary() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        DurationSummary(n=0, p50_ms=0.0, p99_ms=0.0, p999_ms=0.0, max_ms=0.0)
