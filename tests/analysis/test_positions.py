from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.columns import TurnColumns
from harness.analysis.positions import positions
from harness.model import TurnRecord
from tests.analysis.conftest import build_turn

MakeTurn = Callable[..., TurnRecord]


def test_later_positions_stand_in_ranges_that_double(make_turn: MakeTurn) -> None:
    columns = TurnColumns([make_turn(index=n) for n in range(20)])
    found = {name: int(chosen.sum()) for name, chosen in positions(columns).items()}
    first = {str(n): 1 for n in range(1, 9)}
    assert found == {**first, "9 to 16": 8, "17 to 32": 4}


def test_one_position_is_no_breakdown(make_turn: MakeTurn) -> None:
    assert positions(TurnColumns([make_turn(), make_turn(session="s1")])) == {}
    assert positions(TurnColumns([])) == {}


@given(st.lists(st.integers(0, 300), min_size=2, max_size=40, unique=True))
def test_every_turn_is_at_one_position(indexes: list[int]) -> None:
    found = positions(TurnColumns([build_turn(index=n) for n in indexes]))
    assert (np.sum(list(found.values()), axis=0) == 1).all()
