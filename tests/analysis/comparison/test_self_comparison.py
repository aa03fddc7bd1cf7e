import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from harness.analysis.comparison.self_comparison import compare_with_itself
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.objective import Objective, Scale, Tolerance
from harness.analysis.objectives.quantities import Percentile
from harness.analysis.prices import PriceList
from harness.errors import BadInput
from harness.model import Run

MakeRun = Callable[..., Run]
PRICES = PriceList(date="2026-01", currency="USD", source="x", models={})
P50 = Objective(quantity=Percentile("voice_to_voice", 50), tolerance=Tolerance(0.05, Scale.RATIO))


def evidence(simulate: MakeRun, shifts: list[float], **more: int) -> list[RunEvidence]:
    runs = [simulate(f"r{n}", seed=n, shift=shift, **more) for n, shift in enumerate(shifts)]
    return [RunEvidence(run, PRICES) for run in runs]


def test_runs_that_differ_by_chance_alone_have_no_spread_of_their_own(simulate: MakeRun) -> None:
    found = compare_with_itself(evidence(simulate, [0.0] * 8, sessions=60), P50, 0.95)
    assert len(found.values) == 8
    assert found.sd_low < found.sd < found.sd_high
    assert found.between.sd < found.sd
    assert found.splits.comparisons == math.comb(8, 4)
    assert found.splits.beyond_tolerance == 0
    assert found.singles.comparisons == 56


def test_the_spread_between_runs_is_found(simulate: MakeRun) -> None:
    shifts = [0.1 * float(z) for z in np.linspace(-1.5, 1.5, 8)]
    found = compare_with_itself(evidence(simulate, shifts, sessions=60), P50, 0.95)
    assert found.between.sd == pytest.approx(float(np.std(shifts, ddof=1)), rel=0.3)
    assert found.between.runs == 8
    # Half of the runs being slower than the other half is an alarm, and rightly a rare one.
    assert found.splits.slower / found.splits.comparisons < 0.15
    assert found.singles.slower < 0.1 * found.singles.comparisons


def test_the_interval_of_a_standard_deviation_is_that_of_chi_squared(simulate: MakeRun) -> None:
    found = compare_with_itself(evidence(simulate, [0.0] * 5), P50, 0.95)
    low, high = (found.sd * math.sqrt(4 / stats.chi2(4).ppf(q)) for q in (0.975, 0.025))
    assert (found.sd_low, found.sd_high) == pytest.approx((low, high))


def test_many_runs_are_split_by_a_fixed_draw(simulate: MakeRun) -> None:
    runs = evidence(simulate, [0.0] * 14)
    found = compare_with_itself(runs, P50, 0.95)
    assert found.splits.comparisons == 2_000
    assert compare_with_itself(runs, P50, 0.95).splits == found.splits


def test_too_few_runs_or_turns_are_refused(simulate: MakeRun) -> None:
    with pytest.raises(BadInput, match="3 runs cannot be compared"):
        compare_with_itself(evidence(simulate, [0.0] * 3), P50, 0.95)
    with pytest.raises(BadInput, match="r0: voice_to_voice P50 needs 5 turns"):
        compare_with_itself(evidence(simulate, [0.0] * 4, sessions=2, per=2), P50, 0.95)
    with pytest.raises(BadInput, match="time limit"):
        compare_with_itself(evidence(simulate, [0.0] * 4, timeouts=60), P50, 0.95)
