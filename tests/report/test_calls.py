import re
from collections.abc import Callable

from harness.model import Run, Summary
from harness.report.blocks import Folded, Table
from harness.report.calls import section

MakeRun = Callable[..., Run]
SummaryOf = Callable[[Run], Summary]


def test_worst_calls_are_listed_and_can_each_be_opened(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    run = make_run(calls=12, fault_every=40)
    (found,) = section(run, summary_of(run))
    table, *opened = found.parts
    assert isinstance(table, Table)
    assert len(table.rows) == len(opened) == 10
    assert "2 of 12 calls (16.7 %) had a turn that failed" in table.notes[0]
    assert table.rows[0][2] == "theirs/response rate_limit_exceeded"
    assert all(isinstance(one, Folded) for one in opened)


def test_a_long_call_shows_the_turns_around_its_worst(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    run = make_run(calls=1, turns_each=100)
    summary = summary_of(run)
    (found,) = section(run, summary)
    opened = found.parts[1]
    assert isinstance(opened, Folded)
    shown = re.fullmatch(r"Turns (\d+) to (\d+) of 100\.", opened.part.caption)
    assert shown is not None
    first, last = map(int, shown.groups())
    assert last - first == 13
    assert summary.calls is not None
    assert first <= summary.calls.worst[0].turn_index + 1 <= last


def test_without_turns_there_is_no_section(make_run: MakeRun, summary_of: SummaryOf) -> None:
    run = make_run(calls=0)
    assert section(run, summary_of(run)) == []
