"""Verdicts in words, and the result on a terminal."""

from dataclasses import replace

import pytest

from harness.model.against_document import TargetComparison, Verdict
from harness.report.against_text import comparison_text, cost, row_names, short, verdict
from harness.report.formatting import MISSING
from tests.report.test_against import found


def settled(value: float, low: float, high: float) -> TargetComparison:
    (one,) = found().comparisons
    headline = replace(one.voice_to_voice, value=value, low=low, high=high)
    kind: Verdict = "faster" if value < 0 else "slower"
    return replace(one, target="b", verdict=kind, voice_to_voice=headline)


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        (settled(-250.0, -310.0, -190.0), "b is faster than plain by 250 ms [190, 310] in"),
        (settled(250.0, 190.0, 310.0), "b is slower than plain by 250 ms [190, 310] in"),
    ],
)
def test_a_verdict_says_by_how_much_on_how_many_utterances(
    comparison: TargetComparison, words: str
) -> None:
    said = verdict(comparison)
    assert said.startswith(words)
    assert said.endswith("the median, on the same 39 utterances in 10 calls")


def test_an_open_verdict_says_what_would_settle_it() -> None:
    one = replace(settled(20.0, -10.0, 50.0), verdict="inconclusive", why="the interval holds zero")
    said = verdict(replace(one, more_turns=120))
    assert said.startswith("inconclusive: b against plain +20.0 ms [−10.0, +50.0]")  # noqa: RUF001
    assert "the interval holds zero; about 120 further turns with each would settle it" in said
    assert "would settle" not in verdict(one)
    unknown = replace(one.voice_to_voice, value=None, low=None, high=None)
    one = replace(one, voice_to_voice=unknown, why="needs 5 calls held with both, has 1")
    assert verdict(one) == "inconclusive: b against plain; needs 5 calls held with both, has 1"


def test_a_cascade_costs_a_minute_by_its_stages_or_the_unknown_one_is_named() -> None:
    one = found().targets[1]
    known = replace(one.cost, basis="stages", per_minute=0.25, partial=False, why="")
    assert cost(replace(one, cost=known))[1] == "from stages"
    assert "0.25" in cost(replace(one, cost=known))[0]
    unknown = replace(known, per_minute=None, why="TTS: no price for 'c hand'")
    assert cost(replace(one, cost=unknown)) == (MISSING, "TTS: no price for 'c hand'")


def test_the_result_begins_with_the_validity_and_names_what_is_left_out() -> None:
    lines = comparison_text(found()).splitlines()
    assert lines[0].startswith("validity         VALID")
    assert lines[1].startswith("verdict          <b>cascade is slower than plain")
    told = " ".join(" ".join(lines).split())
    assert "1 turn: failed with <b>cascade, answered with plain" in told
    assert "at least the limit: 1 turn without an answer of <b>cascade" in told
    assert "2 of 40 turns failed (2 theirs)" in told
    assert all(len(line) <= 100 for line in lines)


def test_long_names_are_cut_in_the_middle_unless_they_would_be_alike() -> None:
    one, other = "wss://voice.example.com/v1/realtime", "wss://voice.elsewhere.com/v1/realtime"
    assert short(one) == "wss://voice.e…/v1/realtime"
    targets = found().targets
    alike = [replace(targets[0], name=name) for name in (one, other)]
    assert row_names(alike) == {one: one, other: other}
    assert row_names(targets) == {"plain": "plain", "<b>cascade": "<b>cascade"}
