from pathlib import Path

import pytest

from harness.corpus.formats.words import textgrid_words

LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 2.5
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 2.5
            text = "AH"
    item [2]:
        class = "IntervalTier"
        name = "anne - words"
        xmin = 0
        xmax = 2.5
        intervals: size = 4
        intervals [1]:
            xmin = 0
            xmax = 0.4
            text = ""
        intervals [2]:
            xmin = 0.4
            xmax = 1.0
            text = "say ""7"" 8"
        intervals [3]:
            xmin = 1.0
            xmax = 1.75
            text = "eight"
        intervals [4]:
            xmin = 1.75
            xmax = 2.5
            text = "sil"
"""
SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
2.5
<exists>
2
"TextTier"
"clicks"
0
2.5
1
0.3
"click"
"IntervalTier"
"words"
0
2.5
2
0.4
1.75
"eight"
1.75
2.5
"<eps>"
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_the_long_form_is_read_in_every_encoding_praat_writes(
    tmp_path: Path, encoding: str
) -> None:
    (tmp_path / "a.TextGrid").write_text(LONG, encoding=encoding)
    first, second = textgrid_words(tmp_path / "a.TextGrid", "a")
    assert (first.text, first.start_s, first.end_s) == ('say "7" 8', 0.4, 1.0)
    assert (second.text, second.end_s) == ("eight", 1.75)


def test_the_short_form_is_read_past_a_tier_of_points(tmp_path: Path) -> None:
    (tmp_path / "a.TextGrid").write_text(SHORT, encoding="utf-8")
    (word,) = textgrid_words(tmp_path / "a.TextGrid", "a")
    assert (word.start_s, word.end_s) == (0.4, 1.75)


@pytest.mark.parametrize("content", ["", "no grid", LONG[:300], "\0" * 50])
def test_what_is_no_grid_has_no_words(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.TextGrid").write_text(content, encoding="utf-8")
    assert not [w for w in textgrid_words(tmp_path / "a.TextGrid", "a") if w.text == "eight"]
