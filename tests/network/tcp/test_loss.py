from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.network.tcp.loss import Bursts, Independent, loss_process


@given(rate=st.sampled_from([0.01, 0.1, 0.5]), seed=st.integers(0, 99))
def test_independent_losses_come_at_their_rate(rate: float, seed: int) -> None:
    process = Independent(rate, np.random.default_rng(seed))
    count = 20_000
    lost = sum(process.lost(float(n)) for n in range(count))
    assert lost == pytest.approx(count * rate, abs=6 * (count * rate) ** 0.5)


def test_bursts_are_bad_for_their_share_of_the_time_however_often_one_asks() -> None:
    for step_ms in (1.0, 20.0):
        process = Bursts(0.05, 60.0, np.random.default_rng(7))
        asked = int(3_000_000 / step_ms)
        lost = sum(process.lost(n * step_ms) for n in range(asked))
        assert lost / asked == pytest.approx(0.05, rel=0.15)


def test_bad_times_have_their_mean_length() -> None:
    process = Bursts(0.05, 60.0, np.random.default_rng(3))
    states = [process.lost(float(ms)) for ms in range(2_000_000)]
    begun = sum(now and not before for before, now in pairwise(states))
    assert sum(states) / begun == pytest.approx(60, rel=0.1)


def test_no_loss_and_total_loss() -> None:
    rng = np.random.default_rng(1)
    assert not any(loss_process(0.0, 50.0, rng).lost(float(n)) for n in range(1000))
    for burst_ms in (None, 50.0):
        assert all(loss_process(1.0, burst_ms, rng).lost(float(n)) for n in range(1000))
