import pytest

from harness.model.against_document import UtteranceFindings
from harness.report.dumbbells import dumbbells


def row(ms: float | None, against_ms: float | None, words: str = "") -> UtteranceFindings:
    value = None if ms is None or against_ms is None else ms - against_ms
    return UtteranceFindings(
        utterance="clip-7",
        transcript=words,
        network="none",
        n=1,
        ms=ms,
        against_ms=against_ms,
        value=value,
    )


@pytest.mark.parametrize("width", [860, 358])
def test_every_utterance_has_its_words_both_marks_and_the_difference(width: int) -> None:
    rows = [row(900.0, 700.0, "good <i>morning"), row(650.0, 700.0), row(None, 800.0)]
    drawn = dumbbells(rows, names=("plain", "cascade"), place=1, width_px=width)
    assert drawn.startswith("<svg ")
    assert "good &lt;i&gt;morning" in drawn
    assert "clip-7" in drawn
    assert "+200" in drawn
    assert "−50.0" in drawn  # noqa: RUF001
    assert "no answer" in drawn
    # Five medians, and a mark of each target in the legend.
    assert drawn.count("<use ") == 7
