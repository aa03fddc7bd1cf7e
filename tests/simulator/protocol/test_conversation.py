from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.simulator.protocol import usage
from harness.simulator.protocol.conversation import Conversation, Item, client_item
from harness.simulator.protocol.refusals import Refused
from harness.simulator.protocol.usage import Tokens


def _item(name: str, **fields: Any) -> Item:
    return Item({"id": name, "content": [{"type": "output_audio", "transcript": "t"}]}, **fields)


def _new_id() -> str:
    return "item_new"


def test_items_go_to_the_end_the_start_or_after_another() -> None:
    conversation = Conversation()
    assert conversation.add(_item("a")) is None
    assert conversation.add(_item("b")) == "a"
    assert conversation.add(_item("c"), "root") is None
    assert conversation.add(_item("d"), "a") == "a"
    assert [conversation.before(name) for name in "cadb"] == [None, "c", "a", "d"]
    assert conversation.last_id == "b"


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (lambda c: c.add(_item("a")), "item_create_duplicate_item_id"),
        (lambda c: c.add(_item("x"), "no"), "item_not_found"),
        (lambda c: c.delete("no"), "item_delete_invalid_item_id"),
        (lambda c: c.truncate("a", 0), None),
        (lambda c: c.truncate("spoken", 1_001), "invalid_value"),
    ],
)
def test_what_cannot_be_done_is_refused_in_the_words_of_the_catalogue(
    step: Any, code: str | None
) -> None:
    conversation = Conversation()
    conversation.add(_item("a"))
    conversation.add(_item("spoken", spoken_ms=1_000))
    with pytest.raises(Refused) as refusal:
        step(conversation)
    assert refusal.value.code == code
    assert conversation.last_id == "spoken"


def test_answer_may_be_cut_again_up_to_what_was_sent_and_loses_its_words() -> None:
    conversation = Conversation()
    spoken = _item("a", spoken_ms=1_000, tokens=usage.spoken_tokens(1.0, "words and words"))
    conversation.add(spoken)
    conversation.truncate("a", 500)
    conversation.truncate("a", 1_000)
    assert spoken.kept_ms == 500
    assert spoken.wire["content"][0]["transcript"] == ""
    assert spoken.tokens == Tokens(audio=10)


def test_change_before_the_end_empties_the_cache() -> None:
    conversation = Conversation()
    conversation.add(_item("a", tokens=Tokens(audio=200)))
    assert conversation.read("") == (Tokens(audio=200), Tokens())
    assert conversation.read("") == (Tokens(audio=200), Tokens(audio=192))
    conversation.add(_item("b", tokens=Tokens(text=9)), "root")
    assert conversation.read("") == (Tokens(9, 200), Tokens())


@pytest.mark.parametrize(
    "given_item",
    [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "AAAA"}]},
        {"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "ok", "name": None},
    ],
)
def test_client_items_show_nothing_that_does_not_apply(given_item: dict[str, Any]) -> None:
    wire = client_item(given_item, _new_id).wire
    assert wire["id"] == "item_new"
    assert wire["status"] == "completed"
    assert all(value is not None for value in wire.values())
    for part in wire.get("content", []):
        assert part["type"] != "input_audio" or part["transcript"] is None


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["id", "type", "role", "content", "text", "audio"]),
                inner,
                max_size=4,
            )
        ),
    )
    | st.fixed_dictionaries(
        {"type": st.sampled_from(["message", "function_call"])},
        optional={
            "role": st.sampled_from(["user", "system", "assistant"]) | st.none(),
            "content": st.lists(st.dictionaries(st.just("type"), st.text()) | st.integers()),
        },
    )
)
def test_any_item_is_taken_or_refused(value: Any) -> None:
    numbers = count()
    with suppress(Refused):
        assert client_item(value, lambda: f"item_{next(numbers)}").id


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_cached_tokens_are_whole_blocks_and_part_of_what_was_read(text: int, audio: int) -> None:
    prefix = Tokens(text, audio)
    from_cache = usage.cached(prefix)
    assert from_cache.total == prefix.total // 64 * 64
    assert 0 <= from_cache.text <= text
    assert 0 <= from_cache.audio <= audio
