from dataclasses import replace

from harness.analysis import TurnTimeline
from harness.report.formatting import MISSING
from harness.report.timeline import call_timeline

_TURN = TurnTimeline(
    turn_index=0,
    outcome="completed",
    failed=False,
    latency_ms=812.0,
    censored=False,
    speech_from_ms=-1_500,
    endpoint_ms=500,
    audio_ms=750,
    audible_ms=812,
    until_ms=4_000,
    barge_in_ms=None,
    gaps=0,
    gaps_ms=0.0,
)
_NOTHING = replace(
    _TURN,
    turn_index=1,
    outcome="<b>dropped",
    failed=True,
    latency_ms=None,
    speech_from_ms=None,
    endpoint_ms=None,
    audio_ms=None,
    audible_ms=None,
    until_ms=None,
)


def _drawn(*turns: TurnTimeline) -> str:
    return call_timeline(turns, worst=0, name="call", width_px=860)


def test_every_turn_is_a_row_with_its_latency() -> None:
    limit = replace(_TURN, turn_index=2, latency_ms=15_000.0, censored=True, audible_ms=None)
    drawn = _drawn(_TURN, _NOTHING, limit)
    for words in ("1: 812 ms", f"2: {MISSING}", "3: ≥ 15\N{NARROW NO-BREAK SPACE}000 ms"):
        assert words in drawn


def test_gaps_and_an_interruption_are_told_where_there_are_some() -> None:
    drawn = _drawn(replace(_TURN, gaps=2, gaps_ms=140.0, barge_in_ms=3_000.0))
    assert "2 gaps, 140 ms" in drawn
    assert "barge-in" in drawn
    assert "barge-in" not in _drawn(_TURN)


def test_a_call_in_which_nothing_came_can_be_drawn_and_is_escaped() -> None:
    drawn = _drawn(_NOTHING)
    assert "&lt;b&gt;dropped" in drawn
    assert "response heard" not in drawn
