import pytest

from harness.analysis.comparison.multiplicity import holm


def test_p_values_are_adjusted_as_the_paper_has_it() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_what_was_not_compared_counts_for_nothing() -> None:
    assert holm([None, 0.03]) == [None, 0.03]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
