import pytest

from harness.model.summary import PairedSummary, UtteranceComparison
from harness.report.forest import forest_plot


def _found(
    value: float | None, each: list[float | None], *, open_end: bool = False
) -> PairedSummary:
    return PairedSummary(
        condition="a",
        against="b",
        metric="voice_to_voice",
        unit="ms",
        value=value,
        low=None if value is None else value - 9,
        high=None if value is None or open_end else value + 9,
        utterances=len(each),
        unanswered=each.count(None),
        turns=9,
        turns_against=9,
        sessions=9,
        each=tuple(
            UtteranceComparison(utterance="u", network="n", n=1, n_against=1, value=one)
            for one in each
        ),
    )


@pytest.mark.parametrize("width", [860, 358])
def test_every_utterance_is_a_dot_and_the_median_is_written_beside(width: int) -> None:
    drawn = forest_plot(
        {
            "noisy \N{MINUS SIGN} clean": _found(120.0, [100.0, 120.0, 150.0]),
            "phone \N{MINUS SIGN} clean": _found(None, [5]),
        },
        width_px=width,
    )
    assert drawn.startswith("<svg ")
    assert drawn.count("<use ") >= 4
    assert "+120" in drawn
    assert "phone \N{MINUS SIGN} clean" in drawn


def test_an_utterance_without_an_answer_is_no_dot() -> None:
    whole = forest_plot({"a": _found(1.0, [1.0, 2.0])}, width_px=358).count("<use ")
    assert forest_plot({"a": _found(1.0, [1.0, None])}, width_px=358).count("<use ") == whole - 1


def test_one_open_end_draws_no_bar() -> None:
    found = _found(4.0, [4.0], open_end=True)
    assert "+4" in forest_plot({"a": found}, width_px=358)
