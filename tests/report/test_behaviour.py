from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.model import Run, Summary
from harness.model.behaviour_summary import (
    ApplicationSummary,
    BackchannelSummary,
    BargeInSummary,
    BehaviourSummary,
    HesitationSummary,
    ToolSummary,
)
from harness.model.summary import MetricSummary, PercentileSummary
from harness.report.behaviour import facts, section
from harness.report.formatting import MISSING

MakeRun = Callable[..., Run]
SummaryOf = Callable[[Run], Summary]
UNKNOWN = PercentileSummary(value=None, low=None, high=None, why="needs more turns")
STOP = MetricSummary(
    unit="ms",
    title="",
    definition="",
    of="turns",
    n=30,
    sessions=30,
    censored=1,
    max=None,
    p50=PercentileSummary(value=41.2, low=40.0, high=43.5),
    p90=UNKNOWN,
    p95=PercentileSummary(value=None, low=700.0, high=None),
    p99=UNKNOWN,
)


@pytest.fixture
def plain(make_run: MakeRun, summary_of: SummaryOf) -> Summary:
    return summary_of(make_run(calls=3))


@pytest.fixture
def scripted(plain: Summary) -> Summary:
    gap = replace(STOP, n=1, p50=UNKNOWN, p95=UNKNOWN)
    behaviour = BehaviourSummary(
        barge_in=BargeInSummary(planned=32, stopped=30, ended_first=0, deaf=1, missed=1, cut=0),
        backchannels=BackchannelSummary(sent=1, taken_for_turns=0),
        hesitations=HesitationSummary(planned=4, answered_within=2),
        tools=ToolSummary(expected=3, used=2, not_used=1, unexpected=0, unanswered=0),
    )
    metrics = {"barge_in_stop": STOP, "tool_gap": gap}
    return replace(plain, metrics=metrics, behaviour=behaviour)


def test_what_came_of_a_script_is_told_with_its_latencies(scripted: Summary) -> None:
    ends = "32 interruptions: 30 stopped the response, 1 not heard by the server"
    ends += ", 1 due after the response had ended"
    stop = "barge_in_stop P50 41.2 ms [40.0, 43.5], P95 ≥ 700 ms over 30"
    assert facts(scripted) == [
        ("barge-in", f"{ends}; {stop}"),
        ("backchannels", "1 backchannel, 0 taken for a turn"),
        ("hesitation", "4 utterances with a pause, 2 answered too early"),
        ("tools", f"expected in 3 turns, used in 2, not used in 1; tool_gap {MISSING} over 1"),
    ]
    (told,) = section(scripted)
    assert told.id == "behaviour"


def test_a_run_without_a_script_has_no_such_section(plain: Summary) -> None:
    assert section(plain) == []


def test_a_part_that_nobody_asked_for_is_not_told(scripted: Summary) -> None:
    only = BehaviourSummary(backchannels=BackchannelSummary(sent=2, taken_for_turns=1))
    told = facts(replace(scripted, behaviour=only))
    assert told == [("backchannels", "2 backchannels, 1 taken for a turn")]


def test_faults_of_an_application_behind_a_carrier_are_named(scripted: Summary) -> None:
    fine = ApplicationSummary(
        calls=2,
        interruptions=9,
        not_cleared=0,
        resumed=0,
        bursts=8,
        bursts_unmarked=0,
        frames_dropped=0,
    )
    assert facts(replace(scripted, behaviour=BehaviourSummary(application=fine))) == []
    broken = replace(fine, not_cleared=2, resumed=3, bursts_unmarked=4, frames_dropped=1)
    ((label, words),) = facts(replace(scripted, behaviour=BehaviourSummary(application=broken)))
    assert label == "application"
    assert "2 of 9 interruptions without a clear" in words
    assert "3 of 9 interruptions with more of the response after its clear" in words
    assert "4 of 8 bursts of audio without a mark" in words
    assert "1 frame of callers dropped" in words
