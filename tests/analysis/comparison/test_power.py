import numpy as np
import pytest

from harness.analysis.comparison.effect import Design, paired, single, unpaired
from harness.analysis.comparison.power import (
    detectable,
    power,
    runs_to_detect,
    runs_to_settle,
)


@pytest.mark.parametrize("design", [Design.PAIRED, Design.UNPAIRED])
def test_power_is_how_often_the_bound_clears_the_tolerance(design: Design) -> None:
    rng = np.random.default_rng(5)
    shown = 0
    for _ in range(1_500):
        if design is Design.PAIRED:
            found = paired(list(rng.normal(0.1, 0.08, 6)), [0.0] * 6)
        else:
            found = unpaired(list(rng.normal(0.1, 0.08, 6)), list(rng.normal(0, 0.08, 6)))
        bounds = found.bounds(0.95)
        assert bounds is not None
        shown += bounds[0] > 0
    assert power(0.1, 0.08, 6, 0.95, design=design) == pytest.approx(shown / 1_500, abs=0.04)


def test_the_runs_asked_for_are_the_fewest_that_do() -> None:
    runs = runs_to_detect(0.1, 0.08, 0.95, design=Design.UNPAIRED)
    assert runs is not None
    assert power(0.1, 0.08, runs, 0.95, design=Design.UNPAIRED) >= 0.8
    assert power(0.1, 0.08, runs - 1, 0.95, design=Design.UNPAIRED) < 0.8
    assert runs_to_detect(0.0, 0.08, 0.95, design=Design.PAIRED) is None
    assert runs_to_detect(0.0001, 0.5, 0.95, design=Design.PAIRED) is None
    assert runs_to_detect(0.1, 0.0, 0.95, design=Design.PAIRED) == 2


def test_what_could_be_found_is_the_reference_example() -> None:
    """SD of a pair 4.7 %, 5 pairs, 5 % and 80 %: about 6.5 % (by this formula 6.4 %)."""
    found = paired([0.047 * x for x in (-1.2649, -0.6325, 0, 0.6325, 1.2649)], [0.0] * 5)
    assert found.sd == pytest.approx(0.047, rel=1e-3)
    size = detectable(found, 0.0, 0.95)
    assert size is not None
    assert size == pytest.approx(0.0645, abs=0.001)
    assert detectable(found, 0.05, 0.95) == pytest.approx(size + 0.05)
    assert detectable(single((0, 0.1), (0, 0.1), None, 9), 0.0, 0.95) is None


def test_runs_to_settle_would_settle_it() -> None:
    found = unpaired([0.00, 0.06, 0.03], [0.01, 0.05, -0.02])
    runs = runs_to_settle(found, 0.05, 0.95)
    assert runs is not None
    assert runs > 3
    assert runs_to_settle(found, found.estimate, 0.95) is None
    assert runs_to_settle(single((0, 0.1), (0, 0.1), None, 9), 0.05, 0.95) is None
