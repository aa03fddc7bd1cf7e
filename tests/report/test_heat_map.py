from harness.analysis import LatencyBins
from harness.report.heat_map import heat_map


def _bins(low_ms: float) -> LatencyBins:
    return LatencyBins(
        edges_ms=(low_ms, 1_000.0, 2_000.0),
        logarithmic=low_ms > 0,
        shares={"ideal": (0.75, 0.0), "<b>lte": (0.25, 0.5)},
        silent={"ideal": 0.25, "<b>lte": 0.0},
    )


def test_rows_are_networks_and_empty_ranges_stay_empty() -> None:
    drawn = heat_map(_bins(400.0), width_px=860)
    assert "&lt;b&gt;lte" in drawn
    assert drawn.count("fill: var(--series-1)") == 3
    assert drawn.count("no answer") == 1
    assert "no answer 25.0 %" in drawn


def test_latencies_below_zero_can_be_drawn() -> None:
    assert "<svg" in heat_map(_bins(-300.0), width_px=358)
