from dataclasses import replace

from harness.model import UnderstoodSummary
from harness.report.understanding import facts, section
from tests.report.conftest import MakeRun, SummaryOf

WHOLE = UnderstoodSummary(
    n=40, untold=2, sessions=8, words=400, errors=20, value=0.05, low=0.02, high=0.08
)
POOR = UnderstoodSummary(
    by={"network": "<lte>"}, n=1, untold=0, sessions=1, words=9, errors=9, value=1.0, why="one"
)
NONE_WRONG = replace(WHOLE, by={"condition": ""}, value=0.0, low=0.0, high=None, untold=0)


def test_rates_have_their_interval_and_what_they_come_from(
    summary_of: SummaryOf, make_run: MakeRun
) -> None:
    summary = replace(summary_of(make_run(calls=2)), understanding=(WHOLE, POOR, NONE_WRONG))
    assert facts(summary) == [
        (
            "word errors",
            "5.0 % [2.0, 8.0] over 40 turns of 8 sessions, 2 turns without a transcript",
        ),
        ("word errors, <lte>", "100.0 % over 1 turn of 1 session"),
        ("word errors, clean", "0 % [0, …] over 40 turns of 8 sessions"),
    ]
    assert [one.id for one in section(summary)] == ["understood"]


def test_an_api_without_transcripts_has_no_such_section(
    summary_of: SummaryOf, make_run: MakeRun
) -> None:
    assert section(summary_of(make_run(calls=2))) == []
