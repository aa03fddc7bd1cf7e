from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from harness.cascade.sentences import Sentences

TEXTS = st.text(st.sampled_from("ab .!?…\n\"'1A。"), max_size=120)


def cut(*pieces: str) -> list[str]:
    sentences = Sentences()
    found = [sentence for piece in pieces for sentence in sentences.feed(piece)]
    rest = sentences.rest()
    return [*found, rest] if rest else found


def test_a_sentence_is_whole_as_soon_as_something_follows_it() -> None:
    sentences = Sentences()
    assert sentences.feed("Good morning.") == []
    assert sentences.feed(" How") == ["Good morning."]
    assert sentences.feed(" are you?\nFine") == ["How are you?"]
    assert sentences.rest() == "Fine"
    assert sentences.rest() == ""


def test_full_stops_within_a_sentence_do_not_end_it() -> None:
    text = "Ask Dr. Smith, e.g. at 3.5 percent, about J. Doe. Yes!"
    assert cut(text) == ["Ask Dr. Smith, e.g. at 3.5 percent, about J. Doe.", "Yes!"]
    assert cut("He said “no.” Then he left.") == ["He said “no.”", "Then he left."]
    assert cut("你好。再见。") == ["你好。", "再见。"]


def test_a_sentence_without_end_is_cut_at_a_space() -> None:
    found = cut("word " * 200)
    assert all(len(sentence) <= 400 for sentence in found)
    assert " ".join(found).split() == ["word"] * 200
    assert [len(one) for one in cut("x" * 900)] == [400, 400, 100]


@given(TEXTS, st.lists(st.integers(0, 120), max_size=6))
def test_it_does_not_matter_in_which_pieces_text_comes(text: str, cuts: list[int]) -> None:
    places = sorted({0, len(text), *(place for place in cuts if place < len(text))})
    pieces = [text[a:b] for a, b in pairwise(places)]
    assert cut(*pieces) == cut(text)
    assert "".join("".join(cut(text)).split()) == "".join(text.split())
