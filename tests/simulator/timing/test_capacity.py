import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.model import NS_PER_S
from harness.simulator import CapacityRule
from harness.simulator.timing.capacity import Capacity, erlang_c_wait_s

_SLOTS, _SERVICE_MS = 20, 1_000.0


def _waits_s(rule: CapacityRule, rate_per_s: float, count: int = 20_000) -> np.ndarray:
    """Return what responses that arrive at random wait, the first tenth aside."""
    rng = np.random.default_rng(11)
    arrivals_ns = (np.cumsum(rng.exponential(1 / rate_per_s, count)) * NS_PER_S).astype(int)
    capacity = Capacity(rule, np.random.default_rng(12))
    waits = [capacity.admit(int(arrival)) for arrival in arrivals_ns]
    return np.array(waits[count // 10 :]) / NS_PER_S


def test_knee_is_where_it_is_documented() -> None:
    """Median flat and tail small at 60 % of the knee, tail first at 90 %, no end at 120 %."""
    rule = CapacityRule(slots=_SLOTS, service_ms=_SERVICE_MS)
    assert rule.knee_per_s == 20
    easy, busy, beyond = (_waits_s(rule, share * rule.knee_per_s) for share in (0.6, 0.9, 1.2))
    assert np.percentile(easy, 95) < 0.05
    assert np.median(busy) < 0.15
    assert np.percentile(busy, 99) > 0.5
    assert np.median(beyond) > 50
    assert beyond[-1000:].mean() > 2 * beyond[:1000].mean()


@pytest.mark.parametrize("share", [0.5, 0.7, 0.85])
def test_mean_wait_is_that_of_erlang(share: float) -> None:
    """Within a quarter: 18 000 correlated waits of a fixed seed, not a test of chance."""
    rule = CapacityRule(slots=_SLOTS, service_ms=_SERVICE_MS)
    rate_per_s = share * rule.knee_per_s
    known_s = erlang_c_wait_s(rate_per_s=rate_per_s, slots=_SLOTS, service_s=1.0)
    assert _waits_s(rule, rate_per_s).mean() == pytest.approx(known_s, rel=0.25, abs=0.001)


def test_single_server_is_the_textbook_queue() -> None:
    assert erlang_c_wait_s(rate_per_s=0.5, slots=1, service_s=1.0) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="knee"):
        erlang_c_wait_s(rate_per_s=2.0, slots=2, service_s=1.0)


def test_cliff_costs_nothing_up_to_its_edge_and_everything_beyond() -> None:
    rule = CapacityRule(slots=3, service_ms=1e9, cliff_ms=5_000.0)
    capacity = Capacity(rule, np.random.default_rng(1))
    waits_s = [(capacity.admit(now) or 0) / NS_PER_S for now in range(5)]
    assert waits_s == [0, 0, 0, 5, 5]


def test_full_line_turns_away() -> None:
    capacity = Capacity(
        CapacityRule(slots=1, service_ms=1e9, longest_queue=2), np.random.default_rng(1)
    )
    assert capacity.admit(0) == 0
    assert capacity.admit(1) is not None
    assert capacity.admit(2) is not None
    assert capacity.admit(3) is None


@given(st.integers(1, 5), st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_nobody_overtakes_and_no_slot_is_shared(slots: int, gaps: list[int]) -> None:
    capacity = Capacity(CapacityRule(slots=slots, service_ms=300), np.random.default_rng(2))
    now, starts = 0, []
    for gap in gaps:
        now += gap
        wait = capacity.admit(now)
        assert wait is not None
        assert wait >= 0
        starts.append(now + wait)
    assert starts == sorted(starts)


@pytest.mark.parametrize("wrong", [{"slots": 0}, {"slots": 1, "service_ms": 0}])
def test_nothing_can_be_carried_by_nothing(wrong: dict[str, int]) -> None:
    with pytest.raises(BadInput):
        CapacityRule(**wrong)
