"""Which user class each call of a run belongs to."""

from collections import Counter
from fractions import Fraction

import pytest

from harness.errors import BadInput
from harness.plan.class_shares import ClassShares

THREE_TO_ONE = {"Patient": Fraction(3), "Hasty": Fraction(1)}


def test_shares_are_exact_in_every_round_and_calls_of_a_class_are_numbered_without_gaps() -> None:
    shares = ClassShares(THREE_TO_ONE, seed=1)
    dealt = [shares.deal(number) for number in range(40)]
    for turn in range(10):
        names = Counter(name for name, _ in dealt[4 * turn : 4 * turn + 4])
        assert names == {"Patient": 3, "Hasty": 1}
    for name, calls in (("Patient", 30), ("Hasty", 10)):
        assert sorted(index for found, index in dealt if found == name) == list(range(calls))


def test_a_number_is_dealt_alike_in_any_order_and_however_the_classes_stand_in_the_file() -> None:
    reordered = dict(reversed(THREE_TO_ONE.items()))
    one, other = ClassShares(THREE_TO_ONE, seed=4), ClassShares(reordered, seed=4)
    forwards = [one.deal(number) for number in range(24)]
    backwards = [other.deal(number) for number in reversed(range(24))]
    assert forwards == backwards[::-1]
    orders = {tuple(ClassShares(THREE_TO_ONE, s).deal(n)[0] for n in range(24)) for s in range(4)}
    assert len(orders) > 1


def test_fractions_are_dealt_in_the_least_round_and_who_has_no_share_has_no_call() -> None:
    shares = ClassShares({"A": Fraction(0.5), "B": Fraction(1.5), "C": Fraction(0)}, seed=1)
    assert shares.names == ("A", "B")
    assert Counter(shares.deal(number)[0] for number in range(4)) == {"A": 1, "B": 3}


@pytest.mark.parametrize("weights", [{"A": 0}, {"A": -1, "B": 2}, {"A": 1, "B": 100_000}])
def test_weights_that_cannot_be_dealt_are_refused(weights: dict[str, int]) -> None:
    with pytest.raises(BadInput, match="user classes"):
        ClassShares({name: Fraction(weight) for name, weight in weights.items()}, seed=1)
