import re

from harness.analysis.history.series import Series, series_of
from harness.model.history import Acceptance, History, HistoryRun, PercentilePoint
from harness.report import history
from harness.report.blocks import Figure, Table

P95 = "voice_to_voice P95"


def past(*levels: float, accepted: str = "") -> Series:
    """Eight runs at each level, each a little off it."""
    runs = tuple(
        HistoryRun(
            run_id=f"run-{8 * level_number + n}",
            started_at=f"2026-01-{8 * level_number + n + 1:02}",
            fingerprint="f",
            facts={},
            target="",
            commit="",
            validity="VALID",
            turns=1,
            percentiles={P95: PercentilePoint(value_ms=level * (1 + (n % 3) / 200))},
        )
        for level_number, level in enumerate(levels)
        for n in range(8)
    )
    said = (Acceptance(run_id=accepted, at="", note="a <larger> model"),) if accepted else ()
    return series_of(History(runs, said), P95, "f")


def test_levels_and_changes_stand_in_the_table_and_this_run_in_the_figure() -> None:
    (found,) = history.section([past(1_000.0, 1_200.0)], "run-15")
    figure, table = found.parts
    assert isinstance(figure, Figure)
    assert "<svg" in figure.wide
    assert isinstance(table, Table)
    level, change = table.rows
    assert level[2] == "run-8"
    assert change[1:3] == ("not accepted", "run-8")
    assert re.fullmatch(r"\+(19|20)\.\d\s%", str(change[4]))


def test_an_accepted_change_says_why() -> None:
    (found,) = history.section([past(1_000.0, 1_200.0, accepted="run-8")], "other")
    table = found.parts[1]
    assert isinstance(table, Table)
    assert table.rows[1][1] == "accepted: a <larger> model"


def test_one_level_is_a_line_without_a_change() -> None:
    (found,) = history.section([past(1_000.0)], "run-3")
    table = found.parts[1]
    assert isinstance(table, Table)
    assert len(table.rows) == 1


def test_without_runs_like_this_one_there_is_no_section() -> None:
    assert history.section([], "x") == []
    assert history.section([series_of(History(()), P95, "f")], "x") == []
