import re
from collections.abc import Callable

import matplotlib as mpl
import pytest

from harness.analysis import Point, points, typical_and_slow
from harness.model import Run
from harness.model.summary import PercentileSummary
from harness.report import figures, svg
from harness.report.formatting import MISSING

MakeRun = Callable[..., Run]
_KNOWN = PercentileSummary(value=700.0, low=650.0, high=760.0)
_UNKNOWN = PercentileSummary(value=None, low=None, high=None, why="needs 299 turns, has 3")


@pytest.fixture(scope="module")
def groups(make_run: MakeRun) -> dict[str, list[Point]]:
    drawn = points(make_run(calls=18, fault_every=10))
    return {name: [p for p in drawn if p.network == name] for name in ("ideal", "lte_good")}


def _drawn(groups: dict[str, list[Point]], width_px: int) -> list[str]:
    means = {name: typical_and_slow(drawn) for name, drawn in groups.items()}
    stages = {name: mean for name, mean in means.items() if mean is not None}
    return [
        figures.percentile_curve(groups, width_px=width_px),
        figures.turns_over_time(groups, duration_s=60.0, width_px=width_px),
        figures.intervals({"ideal": {"P50": _KNOWN, "P99": _UNKNOWN}}, width_px=width_px),
        figures.stages(stages, width_px=width_px),
    ]


def test_figures_carry_text_and_theme_colours_and_no_address(
    groups: dict[str, list[Point]],
) -> None:
    for drawn in _drawn(groups, 860):
        assert drawn.startswith("<svg viewBox=")
        assert "var(--muted)" in drawn
        assert "<text" in drawn
        assert "http" not in drawn
        assert "font-family" not in drawn
        assert not re.search(r"#[abc]0000\d", drawn)


def test_identifiers_differ_between_figures_and_widths(groups: dict[str, list[Point]]) -> None:
    found = [
        set(re.findall(r'\bid="([^"]*)"', svg))
        for width in (860, 358)
        for svg in _drawn(groups, width)
    ]
    assert all(found)
    assert sum(map(len, found)) == len(set().union(*found))


def test_drawing_leaves_the_settings_of_matplotlib_alone(groups: dict[str, list[Point]]) -> None:
    before = dict(mpl.rcParams)
    _drawn(groups, 860)
    assert dict(mpl.rcParams) == before


def test_same_data_draw_the_same_figure(groups: dict[str, list[Point]]) -> None:
    assert _drawn(groups, 358) == _drawn(groups, 358)


def test_failed_turns_are_marked(groups: dict[str, list[Point]]) -> None:
    figure = figures.turns_over_time(groups, duration_s=60.0, width_px=860)
    assert "no answer" in figure
    assert "var(--bad)" in figure
    answered = {
        name: [p for p in drawn if p.latency_ms is not None] for name, drawn in groups.items()
    }
    assert "no answer" not in figures.turns_over_time(answered, duration_s=60.0, width_px=860)


def test_unsupported_percentile_is_a_dash_and_not_a_dot() -> None:
    figure = figures.intervals({"ideal": {"P99": _UNKNOWN}}, width_px=860)
    assert f">{MISSING}</text>" in figure
    assert "var(--series-1)" not in figure


def test_foreign_names_are_escaped_and_never_typeset() -> None:
    figure = figures.intervals({"<b>$x^2$": {"P50": _KNOWN}}, width_px=860)
    assert "&lt;b&gt;$x^2$" in figure


def test_networks_never_differ_by_colour_alone() -> None:
    looks = [svg.series(index) for index in range(12)]
    assert len({(colour, marker) for colour, marker, _ in looks}) == 12
    assert len({marker for _, marker, _ in looks[:6]}) == 6
    assert len({str(dash) for _, _, dash in looks[:6]}) == 6


def test_long_tail_gets_a_logarithmic_axis_and_negative_latencies_do_not() -> None:
    def curve(*latencies: float) -> str:
        drawn = [
            Point(network="n", at_s=1.0, latency_ms=ms, floor_ms=None, stages_ms=None)
            for ms in latencies
        ]
        return figures.percentile_curve({"n": drawn}, width_px=860)

    assert ">0</text>" not in curve(500.0, 510.0, 520.0, 15_000.0)
    assert ">0</text>" in curve(500.0, 510.0, 520.0, 900.0)
    assert ">0</text>" in curve(-100.0, 510.0, 520.0, 15_000.0)
