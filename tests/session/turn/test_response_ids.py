import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.session.turn.response_ids import ResponseIds

NAMES = st.sampled_from(["", "a", "b", "c"])


def test_a_response_of_an_earlier_turn_does_not_belong_and_is_not_kept() -> None:
    ids = ResponseIds(frozenset({"old"}))
    assert not ids.belongs("old")
    assert ids.belongs("new")
    assert ids.belongs("")
    assert ids.seen == {"new"}


@given(st.lists(NAMES))
def test_only_named_responses_are_kept(names: list[str]) -> None:
    ids = ResponseIds(frozenset("c"))
    for name in names:
        assert ids.belongs(name) == (name != "c")
    assert ids.seen == set(names) - {"", "c"}


def test_audio_of_a_cancelled_response_is_late_and_that_of_another_is_not() -> None:
    ids = ResponseIds(frozenset())
    ids.cancel("a")
    assert ids.is_cancelled("a")
    assert ids.is_discarded("a")
    assert not ids.is_discarded("b")
    assert not ids.is_discarded("")


def test_after_an_unnamed_cancel_audio_without_a_name_is_late_until_the_next_response() -> None:
    ids = ResponseIds(frozenset())
    ids.create("")
    ids.cancel("")
    assert ids.is_discarded("")
    ids.create("")
    assert not ids.is_discarded("")


def test_a_server_that_announces_nothing_is_not_muted_by_its_own_cancel() -> None:
    ids = ResponseIds(frozenset())
    ids.cancel("")
    assert not ids.is_discarded("")


@pytest.mark.parametrize(
    ("announces", "for_good", "mute"),
    [(False, False, False), (False, True, True), (True, False, True), (True, True, True)],
)
def test_an_interruption_discards_what_was_seen_and_perhaps_what_has_no_name(
    announces: bool, for_good: bool, mute: bool
) -> None:
    ids = ResponseIds(frozenset())
    if announces:
        ids.create("a")
    ids.belongs("a")
    ids.stop(for_good=for_good)
    assert ids.is_discarded("a")
    assert not ids.is_discarded("b")
    assert ids.is_discarded("") == mute


def test_the_end_of_another_response_than_the_announced_one_is_not_its_end() -> None:
    ids = ResponseIds(frozenset())
    assert ids.finish("early"), "nothing was announced"
    ids.create("a")
    assert not ids.finish("b")
    assert ids.finish("a")
    assert ids.finish("")
    assert ids.is_finished("a")
    assert ids.is_finished("b")
    assert not ids.is_finished("c")


def test_audio_makes_a_response_current_where_none_is_or_the_last_is_over() -> None:
    ids = ResponseIds(frozenset())
    ids.sound("a")
    assert not ids.finish("b")
    assert ids.finish("a")
    ids.sound("c")
    assert ids.finish("c")


def test_only_audio_of_another_named_response_follows_the_one_before() -> None:
    ids = ResponseIds(frozenset())
    assert [ids.sound(name) for name in ("a", "a", "", "a", "b", "b", "a")] == [
        *(False, False, False, False, True, False, True)
    ]
    assert ids.is_sounding("a")
    assert not ids.is_sounding("b")


def test_what_is_withdrawn_belongs_to_an_earlier_turn_from_then_on() -> None:
    ids = ResponseIds(frozenset({"old"}))
    ids.create("early")
    ids.belongs("early")
    ids.sound("early")
    ids.withdraw(frozenset({"early"}))
    assert not ids.belongs("early")
    assert not ids.belongs("old")
    assert not ids.is_sounding("early")
    assert ids.finish("answer"), "no response is current any more"
    assert ids.is_discarded(""), "audio without a name was of what is withdrawn"
