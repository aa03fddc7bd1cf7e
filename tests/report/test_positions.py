from collections.abc import Callable

from harness.model import Run, Summary
from harness.report.blocks import Figure, Table
from harness.report.positions import section

MakeRun = Callable[..., Run]
SummaryOf = Callable[[Run], Summary]


def test_each_position_is_a_row_and_a_dot(make_run: MakeRun, summary_of: SummaryOf) -> None:
    (found,) = section(summary_of(make_run(calls=30, turns_each=10)))
    table, figure = found.parts
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == [f"turn {name}" for name in (*"12345678", "9 to 16")]
    assert isinstance(figure, Figure)
    assert "9 to 16" in figure.wide


def test_too_few_turns_are_a_table_only(make_run: MakeRun, summary_of: SummaryOf) -> None:
    (found,) = section(summary_of(make_run(calls=2, turns_each=2)))
    assert len(found.parts) == 1


def test_calls_of_one_turn_have_no_positions(make_run: MakeRun, summary_of: SummaryOf) -> None:
    assert section(summary_of(make_run(calls=4, turns_each=1))) == []
