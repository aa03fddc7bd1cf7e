import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.understanding import normalised, understanding, word_errors
from harness.model import CallerWords, SessionRecord

SAID = "one two three four five six seven eight nine ten"


def held(
    number: int, *understood: str | None, network: str = "ideal", condition: str = ""
) -> SessionRecord:
    return SessionRecord(
        session_id=f"call-{number}",
        call_number=number,
        network=network,
        turns_planned=len(understood),
        caller_words=tuple(
            CallerWords(
                turn_index=index,
                utterance_id="u",
                condition=condition,
                said=SAID,
                understood=words,
            )
            for index, words in enumerate(understood)
        ),
    )


def test_the_corpus_own_words_are_no_errors_and_the_interval_claims_no_more() -> None:
    (found,) = understanding([held(0, SAID.upper() + "!"), held(1, SAID, SAID)])
    assert (found.value, found.errors, found.words, found.n, found.sessions) == (0, 0, 30, 3, 2)
    assert (found.low, found.high) == (0, None)
    assert "no word was wrong" in found.why


@given(st.lists(st.integers(0, 10), min_size=2, max_size=30))
def test_the_rate_is_that_of_the_words_that_were_made_wrong(wrong: list[int]) -> None:
    words = SAID.split()
    sessions = [held(n, " ".join(["blah"] * k + words[k:])) for n, k in enumerate(wrong)]
    (found,) = understanding(sessions)
    assert found.errors == sum(wrong)
    assert found.value == pytest.approx(sum(wrong) / (10 * len(wrong)), abs=1e-4)
    if found.high is not None and found.value is not None and found.low is not None:
        assert 0 <= found.low <= found.value <= found.high


def test_sessions_that_are_unlike_make_the_interval_wide() -> None:
    words = SAID.split()
    one_wrong = " ".join(["blah", *words[1:]])
    alike, unlike = [held(n, one_wrong) for n in range(10)], [held(n, SAID) for n in range(9)]
    (even,) = understanding(alike)
    (uneven,) = understanding([*unlike, held(9, " ".join(["blah"] * 10))])
    assert (even.value, even.low, even.high) == (0.1, 0.1, 0.1)
    assert uneven.value == 0.1
    assert uneven.low == 0
    assert uneven.high == pytest.approx(0.3262, abs=1e-3)


def test_networks_and_conditions_are_strata_where_there_are_several() -> None:
    noisy = held(2, "blah", network="lte_poor", condition="noise")
    found = understanding([held(0, SAID), held(1, SAID), noisy])
    assert [one.by for one in found] == [
        {},
        {"network": "ideal"},
        {"network": "lte_poor"},
        {"condition": ""},
        {"condition": "noise"},
    ]
    assert [one.value for one in found[1:]] == [0, 1, 0, 1]
    assert found[2].why.startswith("needs more than 1 session")


def test_a_transcript_that_was_not_told_is_no_error_and_is_counted() -> None:
    (found,) = understanding([held(0, SAID, None), held(1, SAID)])
    assert (found.n, found.untold, found.value) == (2, 1, 0)
    (none,) = understanding([held(0, None)])
    assert (none.value, none.why) == (None, "no transcript was told in time")
    assert understanding([held(0)]) == ()


def test_added_and_missing_words_count_and_case_and_punctuation_do_not() -> None:
    assert normalised("  It's FINE -- really_so. ") == "it's fine really so"
    assert word_errors("a b c", "a c") == 1
    assert word_errors("a b", "a x b y") == 2
    assert word_errors("a b", "") == 2
