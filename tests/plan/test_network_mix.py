from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.plan import choose_network, parse_mix


@pytest.mark.parametrize(
    ("text", "mix"),
    [
        ("a", (("a", 1),)),
        ("a=3,b=1", (("a", 3), ("b", 1))),
        (" a , b = 2 ,", (("a", 1), ("b", 2))),
        ("a,b,a", (("a", 1), ("b", 1), ("a", 1))),
        ("lte_good+us-east:tokyo", (("lte_good+us-east:tokyo", 1),)),
        ("lte_good+us-east:tokyo=2,none", (("lte_good+us-east:tokyo", 2), ("none", 1))),
    ],
)
def test_a_mix_is_names_with_weights(text: str, mix: tuple[tuple[str, int], ...]) -> None:
    assert parse_mix(text) == mix


@pytest.mark.parametrize(
    "text", ["", " , ", "a=0", "a=-1", "a=1.5", "a=x", "a,a=2", "a=1001", "=2"]
)
def test_what_is_no_mix_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput):
        parse_mix(text)


weights = st.lists(st.integers(1, 9), min_size=1, max_size=5)


@given(weights=weights, seed=st.integers(0, 2**32), turn=st.integers(0, 1000))
def test_every_round_has_the_exact_shares(weights: list[int], seed: int, turn: int) -> None:
    mix = [(f"n{place}", weight) for place, weight in enumerate(weights)]
    total = sum(weights)
    dealt = Counter(choose_network(mix, turn * total + call, seed) for call in range(total))
    assert dealt == Counter(dict(mix))


def test_equal_weights_take_turns() -> None:
    mix = parse_mix("a,b,c")
    assert [choose_network(mix, call, 5) for call in range(6)] == ["a", "b", "c", "a", "b", "c"]


def test_another_seed_deals_in_another_order() -> None:
    mix = parse_mix("a=5,b=5")
    orders = {tuple(choose_network(mix, call, seed) for call in range(10)) for seed in range(9)}
    assert len(orders) > 1
