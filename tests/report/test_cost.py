from collections.abc import Callable
from dataclasses import replace

from harness.model import Run, Summary
from harness.model.cost_summary import CascadeCost, CostRate, PriceListSummary, StageCost
from harness.model.summary import CostSummary
from harness.report.blocks import Facts, Section, Table
from harness.report.cost import cost, rate_in_words, stages_in_words
from harness.report.formatting import MISSING
from harness.report.table import result_table

MakeRun = Callable[..., Run]
SummaryOf = Callable[[Run], Summary]


def tables(section: Section) -> dict[str, Table]:
    return {part.title: part for part in section.parts if isinstance(part, Table)}


def facts(section: Section) -> dict[str, str]:
    (found,) = (part for part in section.parts if isinstance(part, Facts))
    return dict(found.pairs)


def of_run(make_run: MakeRun, summary_of: SummaryOf) -> CostSummary:
    return summary_of(make_run(calls=6)).cost


def test_the_page_tells_where_the_money_went(make_run: MakeRun, summary_of: SummaryOf) -> None:
    section = cost(of_run(make_run, summary_of))
    found = tables(section)
    assert list(found) == [
        "What was paid for",
        "What may be saved",
        "Cost by position in the call",
        "The same calls elsewhere",
    ]
    assert found["What was paid for"].rows[-1][0] == "together"
    assert "calls" in facts(section)["Per minute"]
    assert "no call was checked" in facts(section)["Per solved call"]


def test_what_is_not_known_is_a_dash_and_a_reason(make_run: MakeRun, summary_of: SummaryOf) -> None:
    unknown = replace(
        of_run(make_run, summary_of),
        detail=None,
        total=None,
        per_minute=None,
        per_turn=None,
        why="no price for model 'x'",
    )
    section = cost(unknown)
    assert not tables(section)
    assert facts(section)["Per minute"] == MISSING
    assert facts(section)["Missing"] == "no price for model 'x'"


def test_stages_of_a_cascade_are_a_table_and_a_line(
    make_run: MakeRun, summary_of: SummaryOf
) -> None:
    listed = PriceListSummary(date="2026-05", source="a page")
    heard = StageCost(
        stage="stt",
        provider="deepgram nova-3",
        counts={"minutes": 2.5},
        amount=0.012,
        per_minute=0.003,
        prices=listed,
    )
    spoken = StageCost(
        stage="tts",
        provider="wyoming <at> home",
        counts={"characters": 900},
        amount=None,
        per_minute=None,
        prices=None,
        why="no price",
    )
    cascade = CascadeCost(
        total=None,
        per_minute=None,
        minutes=4.0,
        responses=3,
        stages=(heard, spoken),
        note="cached tokens",
        why="TTS: no price",
    )
    run = make_run(calls=6)
    summary = summary_of(run)
    found = replace(
        summary.cost,
        basis="stages",
        total=None,
        per_minute=None,
        detail=None,
        why=cascade.why,
        cascade=cascade,
    )
    table = tables(cost(found))["What the cascade's stages cost"]
    assert table.rows == (
        ("STT", "deepgram nova-3", "2.50 minutes", "2026-05: a page", "0.0120", "0.0030"),
        ("TTS", "wyoming <at> home", "900 characters", "no price", MISSING, MISSING),
        ("together", "", "", "", MISSING, MISSING),
    )
    assert table.notes == ("TTS: no price.", "Cached tokens.")
    assert facts(cost(found))["Missing"] == "TTS: no price"
    words = stages_in_words(cascade, "USD")
    assert words.endswith(f", TTS {MISSING}")
    assert words in result_table(replace(summary, cost=found)).replace("\n" + " " * 17, " ")


def test_an_average_without_an_interval_says_why() -> None:
    assert rate_in_words(CostRate(per="call", value=2.0, why="one call"), "EUR") == (
        "EUR 2.00 (one call)"
    )
    assert rate_in_words(CostRate(per="call", value=None, why="none"), "EUR") == f"{MISSING} none"
    whole = CostRate(per="call", value=2.0, low=1.0, high=3.0, calls=4)
    assert rate_in_words(whole, "EUR") == "EUR 2.00 [1.0000, 3.0000], 4 calls"
