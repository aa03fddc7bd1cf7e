from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from harness.analysis import Point
from harness.model import Run
from harness.report.points import networks, thinned

MakeRun = Callable[..., Run]


def _points(latencies: list[float | None]) -> list[Point]:
    return [
        Point(network="n", at_s=float(i), latency_ms=ms, floor_ms=None, stages_ms=None)
        for i, ms in enumerate(latencies)
    ]


def test_networks_come_in_the_order_asked_for_and_strangers_last(make_run: MakeRun) -> None:
    run = make_run(calls=6)
    strange = replace(run.turns[0], network="a_stranger")
    run = replace(run, turns=(*reversed(run.turns), strange))
    assert networks(run) == ["ideal", "lte_good", "wifi_busy", "a_stranger"]


@given(
    st.lists(st.none() | st.floats(0, 1e4), max_size=300),
    st.integers(min_value=10, max_value=100),
)
def test_thinning_keeps_order_room_and_the_worst(latencies: list[float | None], limit: int) -> None:
    drawn = _points(latencies)
    kept = thinned(drawn, limit)
    assert len(kept) <= limit
    assert [p.at_s for p in kept] == sorted(p.at_s or 0.0 for p in kept)
    if None in latencies:
        assert any(point.latency_ms is None for point in kept)
    elif latencies:
        assert max(p.latency_ms or 0.0 for p in kept) == max(ms or 0.0 for ms in latencies)
