import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.session_wishes import NO_WISHES, SessionWishes, merged

PARTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=8,
)
SESSIONS = st.dictionaries(st.text(max_size=2), PARTS, max_size=4)


@given(SESSIONS, SESSIONS)
def test_what_is_above_wins_and_neither_is_changed(below: object, above: object) -> None:
    assert isinstance(below, dict)
    assert isinstance(above, dict)
    kept = repr((below, above))
    result = merged(below, above)
    assert repr((below, above)) == kept
    assert set(result) == set(below) | set(above)
    assert merged(result, above) == result
    for name in set(below) - set(above):
        assert result[name] == below[name]


def test_objects_are_merged_inside_and_lists_are_not() -> None:
    below = {"audio": {"output": {"voice": "a", "speed": 1}}, "tools": [{"name": "x"}]}
    above = {"audio": {"output": {"voice": "b"}}, "tools": []}
    assert merged(below, above) == {"audio": {"output": {"voice": "b", "speed": 1}}, "tools": []}


def test_an_object_of_another_type_replaces_the_one_below() -> None:
    server = {"turn_detection": {"type": "server_vad", "silence_duration_ms": 500}}
    semantic = {"turn_detection": {"type": "semantic_vad"}}
    assert merged(server, semantic) == semantic
    louder = {"turn_detection": {"type": "server_vad", "threshold": 0.7}}
    assert merged(server, louder)["turn_detection"]["silence_duration_ms"] == 500
    assert merged(server, {"turn_detection": None}) == {"turn_detection": None}


def test_wishes_are_a_value_whatever_their_order_and_source() -> None:
    one = SessionWishes.of({"b": 1, "a": {"d": None, "c": 2}}, "a file")
    other = SessionWishes.of({"a": {"c": 2, "d": None}, "b": 1}, "a class")
    assert one == other
    assert hash(one) == hash(other)
    one.fields["a"]["c"] = 3
    assert one.fields["a"] == {"d": None, "c": 2}


def test_nothing_is_over_nothing() -> None:
    wishes = SessionWishes.of({"voice": "a"}, "a file")
    assert not NO_WISHES
    assert SessionWishes.of({}) == NO_WISHES
    assert wishes.over(NO_WISHES) == NO_WISHES.over(wishes) == wishes
    both = wishes.over(SessionWishes.of({"voice": "b", "speed": 1}, "a class"))
    assert both.fields == {"voice": "a", "speed": 1}
    assert both.source == "a file over a class"


def test_what_json_cannot_say_is_no_wish() -> None:
    with pytest.raises((TypeError, ValueError)):
        SessionWishes.of({"speed": object()})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_json_does_not_have_is_no_null(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        SessionWishes.of({"audio": {"speeds": [1.0, value]}})
