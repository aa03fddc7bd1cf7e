from collections.abc import Callable

import pytest

from harness.analysis.comparison.pairing import pair_up
from harness.errors import BadInput
from harness.model import Run

MakeRun = Callable[..., Run]


def test_runs_with_schedules_of_their_own_are_put_in_pairs(simulate: MakeRun) -> None:
    mine = [simulate(f"b{n}", seed=n) for n in (1, 2, 3)]
    theirs = [simulate(f"a{n}", seed=n) for n in (3, 1, 2)]
    ordered, paired = pair_up(mine, theirs, wanted=None)
    assert [run.manifest.run_id for run in ordered] == ["a1", "a2", "a3"]
    assert paired
    assert pair_up(mine, theirs, wanted=False) == (theirs, False)
    assert pair_up(mine, theirs, wanted=True) == (theirs, True)


def test_runs_that_share_a_schedule_are_not_pairs(simulate: MakeRun) -> None:
    mine, theirs = [simulate("a"), simulate("b")], [simulate("c"), simulate("d")]
    assert not pair_up(mine, theirs, wanted=None)[1]
    assert not pair_up(mine[:1], theirs[:1], wanted=None)[1]
    assert not pair_up(mine, theirs[:1], wanted=None)[1]


def test_pairs_need_as_many_on_either_side(simulate: MakeRun) -> None:
    with pytest.raises(BadInput, match="1 runs cannot be paired with 2"):
        pair_up([simulate("a")], [simulate("b"), simulate("c")], wanted=True)
