import numpy as np
import pytest
from scipy.stats.mstats import hdquantiles

from harness.analysis.comparison.shift import DECILES, harrell_davis, shifts
from harness.analysis.quantiles import Sample


def sample(seed: int, scale: float = 1.0, sessions: int = 100) -> Sample:
    rng = np.random.default_rng(seed)
    values = 800 * scale * np.exp(rng.normal(0, 0.3, sessions * 5))
    return Sample(values, np.repeat(np.arange(sessions), 5))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.95])
def test_deciles_are_scipys_harrell_davis(p: float) -> None:
    values = np.sort(np.random.default_rng(2).lognormal(0, 0.5, 61))
    assert harrell_davis(values, p) == pytest.approx(float(hdquantiles(values, [p])[0]))


def test_a_change_of_ten_percent_shows_at_every_decile() -> None:
    found = shifts([sample(1, 1.1)], [sample(2)], in_pairs=False)
    assert [shift.p for shift in found] == list(DECILES)
    for shift in found:
        assert shift.baseline_ms is not None
        assert shift.low_ms is not None
        assert shift.high_ms is not None
        assert shift.low_ms < 0.1 * shift.baseline_ms < shift.high_ms


def test_between_runs_the_interval_is_of_runs() -> None:
    mine, theirs = [sample(n, 1.1) for n in (1, 2, 3)], [sample(n) for n in (1, 2, 3)]
    paired = shifts(mine, theirs, in_pairs=True)
    unpaired = shifts(mine, theirs, in_pairs=False)
    for one, other in zip(paired, unpaired, strict=True):
        assert one.change_ms == pytest.approx(other.change_ms)
        assert one.low_ms is not None
        assert other.low_ms is not None
        # Pairs differ by a factor only, so that their differences hardly vary.
        assert one.low_ms > other.low_ms


def test_a_single_run_on_one_side_has_no_interval() -> None:
    found = shifts([sample(1)], [sample(2), sample(3)], in_pairs=False)
    assert all(shift.low_ms is None for shift in found)
    assert all(shift.change_ms is not None for shift in found)


def test_deciles_among_right_censored_turns_are_unknown() -> None:
    values = np.array([1.0] * 60 + [np.inf] * 40)
    late = Sample(values, np.arange(100), 15.0)
    found = shifts([late], [sample(1)], in_pairs=False)
    assert found[0].change_ms is not None
    assert found[-1].change_ms is None
    assert shifts([sample(1)], [late], in_pairs=False)[-1].baseline_ms is None
    assert shifts([late] * 2, [late] * 2, in_pairs=True)[-1].baseline_ms is None
    assert shifts([Sample(np.zeros(0), np.zeros(0, dtype=np.int64))], [late], in_pairs=False) == ()
