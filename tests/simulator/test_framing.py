import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from harness.simulator.framing import Frames

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
