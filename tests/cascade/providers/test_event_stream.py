import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cascade.providers.event_stream import EventStream, TooLong

_LINES = st.lists(
    st.sampled_from(
        [b"data: one", b"data:two", b"", b": a comment", b"event: x", b"data", b"id: 7"]
    ),
    max_size=14,
)
_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


def test_data_of_an_event_comes_with_the_empty_line_after_it() -> None:
    stream = EventStream()
    assert stream.feed(b'data: {"a":1}\n') == []
    assert stream.feed(b"\n: ping\n\ndata: b\ndata: c\r\n\r\n") == [b'{"a":1}', b"b\nc"]
    assert stream.feed(b"data: d\r") == []
    assert stream.feed(b"\n") == []  # the second half of the line's end, and no empty line
    assert stream.feed(b"\r") == [b"d"]


def test_a_mark_of_the_byte_order_is_no_part_of_the_first_line() -> None:
    assert EventStream().feed(b"\xef\xbb\xbfdata: a\n\n") == [b"a"]


@given(_LINES, st.data())
def test_events_are_the_same_split_at_any_byte(lines: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(line + data.draw(_ENDS) for line in lines)
    at_once = EventStream().feed(whole)
    stream = EventStream()
    byte_by_byte = [one for at in range(len(whole)) for one in stream.feed(whole[at : at + 1])]
    assert byte_by_byte == at_once


@pytest.mark.parametrize("line", [b"data: " + b"x" * 2**20 + b"x", b"data: x\n" * 2**20])
def test_an_event_without_end_is_not_kept(line: bytes) -> None:
    stream = EventStream()

    def feed() -> None:
        for at in range(0, len(line), 2**16):
            stream.feed(line[at : at + 2**16])

    with pytest.raises(TooLong):
        feed()
