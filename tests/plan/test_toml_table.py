"""Tables of a TOML file, and the lengths of time in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.plan.toml_table import Span, TomlTable, parse_span


@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0, 5), st.floats(0, 1), st.integers(0, 99))
def test_what_is_drawn_lies_in_its_span_and_takes_two_numbers(
    one_ms: float, other_ms: float, sigma: float, chance: float, seed: int
) -> None:
    low_ms, high_ms = sorted((one_ms, other_ms))
    rng, beside = np.random.default_rng(seed), np.random.default_rng(seed)
    drawn = Span(low_ms=low_ms, high_ms=high_ms, sigma=sigma, chance=chance).draw(rng)
    assert drawn is None or (0 if sigma else low_ms - 0.001) <= drawn <= high_ms + 0.001
    assert (drawn is None) == (beside.random() >= chance)
    _ = beside.standard_normal() if sigma else beside.random()
    assert rng.random() == beside.random()


def test_a_span_is_even_or_log_normal() -> None:
    assert parse_span({"low_ms": 1, "high_ms": 2}, "x") == Span(low_ms=1, high_ms=2)
    found = parse_span({"median_ms": 3, "sigma": 0.5, "most_ms": 9, "chance": 0.5}, "x")
    assert found == Span(low_ms=3, high_ms=9, sigma=0.5, chance=0.5)
    with pytest.raises(BadInput, match="x: needs low_ms up to high_ms"):
        parse_span({"low_ms": 1, "median_ms": 2}, "x")


def test_keys_that_nobody_took_are_refused() -> None:
    table = TomlTable({"name": "a", "nom": "b"}, "x")
    assert table.text("name") == "a"
    with pytest.raises(BadInput, match="x: not understood: nom"):
        table.done()
