import math

import pytest

from harness.errors import BadInput
from harness.plan.stages import callers_at, check_stages, scaled

STAGES = ((10, 20), (30, 20), (5, 60), (5, 0))


@pytest.mark.parametrize(
    ("at_s", "callers", "per_s"),
    [(0, 0, 2), (5, 10, 2), (10, 20, 0), (39, 20, 0), (42.5, 40, 8), (45, 60, 12), (49.9, 1, 12)],
)
def test_callers_change_steadily_from_stage_to_stage(
    at_s: float, callers: int, per_s: float
) -> None:
    found = callers_at(STAGES, at_s)
    assert found is not None
    assert found[0] == callers
    assert found[1] == pytest.approx(per_s)


def test_after_the_last_stage_the_run_is_over() -> None:
    assert callers_at(STAGES, 50) is None


def test_peak_and_length_can_be_others_in_the_same_proportions() -> None:
    assert scaled(STAGES, 6, 10) == [(2, 2), (6, 2), (1, 6), (1, 0)]
    assert scaled(STAGES, None, None) == list(STAGES)
    # A stage with callers keeps one.
    assert scaled(((5, 1), (5, 100)), 3, None) == [(5, 1), (5, 3)]


@pytest.mark.parametrize(
    "stages",
    [
        (),
        None,
        ((60,),),
        ((60, 20, 1),),
        ((0, 20),),
        ((-5, 20),),
        ((math.inf, 20),),
        ((math.nan, 20),),
        ((60, -1),),
        ((60, 2.5),),
        ((60, "20"),),
        ((60, True),),
        ((60, 0),),
    ],
)
def test_stages_that_cannot_be_are_refused(stages: object) -> None:
    with pytest.raises(BadInput, match=r"Spike\.stages"):
        check_stages(stages, "Spike.stages")  # type: ignore[arg-type]
    check_stages(STAGES, "Spike.stages")
