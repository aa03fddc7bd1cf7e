from dataclasses import replace

from harness.model.capacity_document import (
    CapacityDocument,
    CapacityWorth,
    FoundBoundary,
    FoundCurve,
    FoundLimit,
)
from harness.report.blocks import Facts, Figure
from harness.report.run_capacity import card, section

_FOUND = CapacityDocument(
    schema="harness.capacity/1",
    search={"scenario": "conversation"},
    verdict="pass",
    sentence="40 calls [36, 44].",
    limit=FoundLimit(calls=40, low=36, high=44, missed_first="voice_to_voice", most_held=38),
    boundary=FoundBoundary(kind="knee", why="no jump"),
    curves=(
        FoundCurve(
            objective="voice_to_voice <b> 1500 ms",
            calls=(10, 40, 80),
            allowed=0.05,
            missed=(0.0, 0.05, 0.4),
            fitted=(0.0, 0.05, 0.4),
        ),
    ),
)
_WORTH = CapacityWorth(places=36, call_s=60.0, blocking=0.01, calls_per_hour=1_480.0)


def test_limit_is_shown_with_its_interval_curve_and_worth() -> None:
    assert (card(_FOUND).value, card(_FOUND).under) == ("40", "95 %: 36 to 44")
    figure, facts = section(_FOUND, _WORTH).parts
    assert isinstance(figure, Figure)
    assert "voice_to_voice &lt;b&gt; 1500 ms" in figure.wide
    assert isinstance(facts, Facts)
    told = dict(facts.pairs)
    assert told["Boundary"] == "knee: no jump"
    assert "1\N{NARROW NO-BREAK SPACE}480 calls an hour" in told["Worth"]


def test_a_search_without_a_limit_says_so() -> None:
    nothing = replace(_FOUND, limit=None, boundary=None, curves=())
    assert "no limit" in card(nothing).under
    assert len(section(nothing, None).parts) == 1
    limit = FoundLimit(calls=None, low=38, high=None, missed_first=None, most_held=38)
    open_ended = replace(_FOUND, limit=limit)
    assert card(open_ended).value == "≥ 38"
