import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from harness.simulator.wire.framing import Frames

_LENGTHS = (0, 1, 99, 125, 126, 127, 140, 65_535, 65_536)
_TEXTS = st.sampled_from(_LENGTHS).map(lambda length: bytes(index % 251 for index in range(length)))
_SENT = st.lists(
    st.tuples(
        st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.CONT]),
        st.booleans(),
        _TEXTS,
    ),
    max_size=6,
)


def _wire(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=True)


@settings(max_examples=40)
@given(_SENT, st.lists(st.integers(1, 200), min_size=1, max_size=5))
def test_frames_come_out_as_they_went_in_however_they_are_cut(
    sent: list[tuple[Opcode, bool, bytes]], cuts: list[int]
) -> None:
    wires = [
        _wire(opcode, payload[:100], fin=True)
        if opcode is Opcode.PING
        else _wire(opcode, payload, fin=fin)
        for opcode, fin, payload in sent
    ]
    stream, frames, got = b"".join(wires), Frames(2**20), []
    at, number = 0, 0
    while at < len(stream):
        step = cuts[number % len(cuts)] * (1 if len(stream) < 5_000 else 500)
        got += list(frames.feed(stream[at : at + step]))
        at, number = at + step, number + 1
    assert len(got) == len(wires)
    open_message = False
    for (piece, is_text), wire, (opcode, fin, payload) in zip(got, wires, sent, strict=True):
        plain = opcode is Opcode.TEXT and fin and not open_message
        assert is_text is plain
        assert piece == (payload if plain else wire)
        if opcode is not Opcode.PING and not plain:
            open_message = not fin


@pytest.mark.parametrize("wire", [b"\x81\x05hello", b"\x81\xff" + b"\xff" * 8 + b"more"])
def test_bytes_the_core_must_refuse_are_not_waited_for(wire: bytes) -> None:
    assert list(Frames(2**20).feed(wire)) == [(wire, False)]


@given(_SENT, st.integers(0, 20), st.booleans())
def test_a_lone_plain_frame_is_told_at_a_glance_and_nothing_else_is(
    sent: list[tuple[Opcode, bool, bytes]], cut: int, after: bool
) -> None:
    """Whatever is taken at a glance is what the long way would have found."""
    glancing, thorough = Frames(2**20), Frames(2**20)
    for opcode, fin, payload in sent:
        if opcode is Opcode.PING:
            payload, fin = payload[:100], True
        wire = _wire(opcode, payload, fin=fin)
        data = wire[: len(wire) - cut] if not after else wire + wire[:cut]
        text = glancing.single(data)
        found = list(thorough.feed(data))
        if text is None:
            assert list(glancing.feed(data)) == found
        else:
            assert found == [(text, True)]


def test_usual_frame_is_taken_at_a_glance() -> None:
    payload = b"x" * 1_300
    assert Frames(2**20).single(_wire(Opcode.TEXT, payload)) == payload


def test_usual_frame_inside_a_message_of_several_is_left_to_the_core() -> None:
    frames, plain = Frames(2**20), _wire(Opcode.TEXT, b"x" * 1_300)
    list(frames.feed(_wire(Opcode.TEXT, b"begun", fin=False)))
    assert frames.single(plain) is None
    assert list(frames.feed(plain)) == [(plain, False)]


def test_usual_frame_after_half_of_another_is_not_mistaken_for_a_new_one() -> None:
    frames, plain = Frames(2**20), _wire(Opcode.TEXT, b"x" * 1_300)
    list(frames.feed(plain[:40]))
    assert frames.single(plain) is None
