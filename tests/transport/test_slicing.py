"""The slicer against the library it saves work for: whatever the stream, nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from harness.model import BinaryMessage
from harness.transport.slicing import Slicer

LIMIT_BYTES = 70_000
# Around every length at which a header grows.
SIZES = st.one_of(st.integers(0, 130), st.sampled_from((65_535, 65_536)))
CONTROL = (Opcode.PING, Opcode.PONG, Opcode.CLOSE)


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    opcode = draw(st.sampled_from((Opcode.TEXT, Opcode.BINARY, Opcode.CONT, *CONTROL)))
    fin = True if opcode in CONTROL else draw(st.booleans())
    size = draw(st.integers(0, 125) if opcode in CONTROL else SIZES)
    return Frame(opcode, bytes([draw(st.integers(0, 255))]) * size, fin=fin)


def cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({place % (len(stream) + 1) for place in cuts})
    return [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]


def fed(slicer: Slicer, chunks: list[bytes]) -> list[tuple[bool, bytes]]:
    return [piece for chunk in chunks for piece in slicer.feed(chunk)[0]]


def is_lone(frame: Frame) -> bool:
    return frame.opcode in (Opcode.TEXT, Opcode.BINARY) and frame.fin


@given(st.lists(frames(), max_size=6), st.lists(st.integers(0, 300_000), max_size=8))
def test_every_frame_comes_out_once_and_whole_however_the_stream_is_cut(
    sent: list[Frame], cuts: list[int]
) -> None:
    wire = [frame.serialize(mask=False) for frame in sent]

    pieces = fed(Slicer(LIMIT_BYTES), cut(b"".join(wire), cuts))

    fragmented, expected = False, []
    for frame, raw in zip(sent, wire, strict=True):
        whole = is_lone(frame) and not fragmented
        expected.append((whole, bytes(frame.data) if whole else raw))
        if not whole and frame.opcode not in CONTROL:
            fragmented = not frame.fin
    assert pieces == expected
    kinds = [isinstance(piece, BinaryMessage) for whole, piece in pieces if whole]
    alone = [frame for frame, (whole, _) in zip(sent, pieces, strict=True) if whole]
    assert kinds == [frame.opcode is Opcode.BINARY for frame in alone]


@given(st.lists(st.integers(0, 40), max_size=4), st.booleans())
def test_what_no_server_may_send_is_left_to_the_core_from_its_first_byte(
    cuts: list[int], masked: bool
) -> None:
    good = Frame(Opcode.TEXT, b"{}").serialize(mask=False)
    bad = (
        Frame(Opcode.TEXT, b"masked").serialize(mask=True)
        if masked
        else b"\x81\x7f" + (LIMIT_BYTES + 1).to_bytes(8, "big") + b"flood"
    )

    pieces = fed(Slicer(LIMIT_BYTES), cut(good + bad + good, cuts))

    assert pieces[0] == (True, b"{}")
    assert not any(is_message for is_message, _ in pieces[1:])
    assert b"".join(raw for _, raw in pieces[1:]) == bad + good


def test_what_one_frame_waited_for_is_not_waited_for_again() -> None:
    long = Frame(Opcode.TEXT, b"long").serialize(mask=False)
    empty = Frame(Opcode.TEXT, b"").serialize(mask=False)
    slicer = Slicer(LIMIT_BYTES)
    assert slicer.feed(long[:4]) == ([], False)
    assert slicer.feed(long[4:] + empty[:1]) == ([(True, b"long")], False)
    assert slicer.feed(empty[1:]) == ([(True, b"")], True)


def test_a_frame_that_has_not_arrived_waits_without_being_looked_at_again() -> None:
    frame = Frame(Opcode.TEXT, b"x" * 60_000).serialize(mask=False)
    slicer = Slicer(LIMIT_BYTES)
    assert fed(slicer, cut(frame[:-1], list(range(0, 60_000, 700)))) == []
    assert slicer.feed(frame[-1:]) == ([(True, b"x" * 60_000)], True)
