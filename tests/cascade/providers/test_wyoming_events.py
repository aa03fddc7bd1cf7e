import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cascade.providers.wyoming_events import Malformed, WyomingEvent, WyomingStream

_EVENTS = st.lists(
    st.builds(
        WyomingEvent,
        st.sampled_from(["audio-chunk", "transcript", "audio-stop"]),
        st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=5), max_size=2),
        st.binary(max_size=9),
    ),
    max_size=5,
)


@given(_EVENTS, st.integers(1, 9))
def test_events_come_out_as_they_went_in_split_at_any_byte(
    events: list[WyomingEvent], step: int
) -> None:
    wire = b"".join(event.encode() for event in events)
    stream = WyomingStream()
    pieces = [wire[at : at + step] for at in range(0, len(wire), step)]
    assert [event for piece in pieces for event in stream.feed(piece)] == events


def test_data_in_the_line_and_after_it_is_one() -> None:
    wire = b'{"type":"t","version":"1.10","data":{"a":1},"data_length":7}\n{"b":2}'
    assert WyomingStream().feed(wire) == [WyomingEvent("t", {"a": 1, "b": 2})]


@pytest.mark.parametrize(
    "wire",
    [
        b"GET / HTTP/1.1\n",
        b'{"no":"type"}\n',
        b'{"type":"t","payload_length":99999999}\n',
        b'{"type":"t","payload_length":-5,"data_length":5}\n',
        b'{"type":"t","data_length":1}\n[',
        b"x" * (8 * 2**20 + 1),
    ],
)
def test_what_is_no_event_or_too_long_is_refused(wire: bytes) -> None:
    with pytest.raises(Malformed):
        WyomingStream().feed(wire)
