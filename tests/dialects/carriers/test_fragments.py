import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects import MalformedMessage
from harness.dialects.carriers.fragments import Fragments


@given(frames=st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=8), data=st.data())
def test_frames_are_put_together_whatever_the_order_of_their_parts(
    frames: list[bytes], data: st.DataObject
) -> None:
    sent = []
    for name, frame in enumerate(frames):
        text = base64.b64encode(frame).decode()
        size = data.draw(st.integers(1, len(text)))
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        sent += [(f"f-{name}", part, len(pieces), piece) for part, piece in enumerate(pieces)]
    fragments = Fragments()
    come = [fragments.take(*part) for part in data.draw(st.permutations(sent))]
    assert sorted(frame for frame in come if frame is not None) == sorted(frames)


@pytest.mark.parametrize(("part", "parts"), [(-1, 2), (2, 2), (0, 0), (0, 65)])
def test_a_part_that_there_is_not_is_malformed(part: int, parts: int) -> None:
    with pytest.raises(MalformedMessage, match="does not have"):
        Fragments().take("f", part, parts, "AAAA")


def test_what_is_not_base64_is_malformed() -> None:
    with pytest.raises(MalformedMessage, match="base64"):
        Fragments().take("f", 0, 1, "\u00e9")


def test_an_agent_that_never_ends_a_frame_does_not_fill_our_memory() -> None:
    fragments = Fragments()
    # The first of nine frames is given up: what completes it begins it anew.
    for number in range(9):
        assert fragments.take(f"f-{number}", 0, 2, "AAAA") is None
    assert fragments.take("f-0", 1, 2, "AAAA") is None
    assert fragments.take("f-8", 1, 2, "AAAA") == bytes(6)
    large = "A" * (1 << 19)
    assert [fragments.take("g", part, 64, large) for part in range(2)] == [None, None]
    with pytest.raises(MalformedMessage, match="too large"):
        fragments.take("g", 2, 64, large)
