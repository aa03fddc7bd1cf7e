import numpy as np
import pytest

from harness.model import RealisedNetwork
from harness.network.probe.frame_flow import FrameFlow, FrameFlows
from harness.network.probe.stall_probe import StallFinding, add_stalls, sum_up
from harness.network.tcp.traces import Stream

BEFORE = RealisedNetwork(profile="x", probes=40, verified=True, why="median as asked")


def finding(own_ms: float, held: int = 2, frames: int = 300) -> StallFinding:
    """Stalls that came as planned, of frames that took `own_ms` more each."""
    planned_ms = np.zeros(frames)
    for first in range(10, frames, 50):
        planned_ms[first : first + held] = 60
    flows = tuple(
        FrameFlow(
            upwards=upwards,
            extra_ms=planned_ms + own_ms,
            planned_ms=planned_ms,
            base_ms=np.full(frames, 20.0),
            lateness_ms=np.zeros(frames),
        )
        for upwards in (True, False)
    )
    return sum_up(FrameFlows(flows), Stream())


def test_the_own_delay_of_the_proxy_is_no_stall_and_stands_beside_them() -> None:
    judged = add_stalls(BEFORE, finding(1.5))
    assert judged.verified, judged.why
    assert judged.up_stalls is not None
    assert judged.up_planned is not None
    assert judged.up_stalls.mean_ms == pytest.approx(judged.up_planned.mean_ms)
    assert judged.up_baseline_ms == pytest.approx(1.5)
    assert judged.down_baseline_ms == pytest.approx(1.5)
    assert "1.5 ms baseline subtracted" in judged.why


@pytest.mark.parametrize("own_ms", [-1.0, 4.0])
def test_a_base_that_is_not_what_it_says_is_not_hidden(own_ms: float) -> None:
    judged = add_stalls(BEFORE, finding(own_ms))
    assert not judged.verified
    assert "unimpaired frames took" in judged.why
    assert judged.up_baseline_ms == pytest.approx(own_ms)
    assert judged.up_stalls is not None
    assert judged.up_stalls.p50_ms == pytest.approx(own_ms)


def test_a_network_that_stalls_all_the_time_has_no_own_delay_and_may_be_verified() -> None:
    judged = add_stalls(BEFORE, finding(0.8, held=50))
    assert judged.verified
    assert judged.up_baseline_ms is None
    assert "baseline not known" in judged.why


def test_changes_that_failed_are_no_proof() -> None:
    judged = add_stalls(BEFORE, finding(0.5), failed=2)
    assert not judged.verified
    assert "2 changes were not carried out" in judged.why


def test_no_frame_at_all_is_said() -> None:
    nothing = FrameFlow(
        upwards=True,
        extra_ms=np.zeros(0),
        planned_ms=np.zeros(0),
        base_ms=np.zeros(0),
        lateness_ms=np.zeros(0),
    )
    assert sum_up(FrameFlows((nothing,)), Stream()).broken == "no frame came through"
    assert sum_up(FrameFlows(broken="gone"), Stream()).broken == "gone"
