from dataclasses import replace

from harness.model.vendor_account import VendorLatency, VendorSummary
from harness.report.blocks import Table
from harness.report.formatting import MISSING
from harness.report.vendor import facts, section
from tests.report.conftest import MakeRun, SummaryOf

TOLD = VendorSummary(
    calls=5,
    priced=4,
    currency="USD",
    total=0.4,
    per_call=0.1,
    parts={"llm": 0.3, "<stt>": 0.1},
    statuses={"ended": 4, "queued": 1},
    latencies=(
        VendorLatency(stage="model", n=8, p50_ms=610.0, p95_ms=None),
        VendorLatency(stage="turn", n=8, p50_ms=1_100.0, p95_ms=None),
    ),
    missing={"the call stands as queued": 1},
)


def test_what_the_vendor_tells_stands_beside_ours_and_under_its_name(
    summary_of: SummaryOf, make_run: MakeRun
) -> None:
    summary = replace(summary_of(make_run(calls=2)), vendor=TOLD)
    (told,) = section(summary)
    assert told.title == "What the vendor tells of these calls"
    assert "measured by nobody here" in " ".join(told.says)
    costs, latencies = (part for part in told.parts if isinstance(part, Table))
    assert costs.rows[-1][:2] == ("together", "0.4000")
    assert [row[0] for row in latencies.rows] == [
        "model",
        "turn",
        "measured here, voice to voice",
    ]
    assert latencies.rows[0][1:] == ("8", "610", MISSING)
    (line,) = facts(summary)
    assert line[0] == "the vendor tells"
    assert "4 of 5 calls" in line[1]
    assert "turn P50 1 100 ms over 8 turns" in line[1].replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_a_cost_that_was_not_told_is_not_shown_as_0(
    summary_of: SummaryOf, make_run: MakeRun
) -> None:
    told = replace(TOLD, total=None, per_call=None, priced=0, parts={}, latencies=())
    summary = replace(summary_of(make_run(calls=2)), vendor=told)
    assert facts(summary) == [("the vendor tells", f"{MISSING} no cost was told of 5 calls")]
    (found,) = section(summary)
    assert not [part for part in found.parts if isinstance(part, Table)]


def test_an_api_that_tells_nothing_has_no_such_section(
    summary_of: SummaryOf, make_run: MakeRun
) -> None:
    summary = summary_of(make_run(calls=2))
    assert (section(summary), facts(summary)) == ([], [])
