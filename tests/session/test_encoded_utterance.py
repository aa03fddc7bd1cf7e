import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.base64_audio import Base64Audio
from harness.model import AudioFormat
from harness.session import EncodedUtterance, WireFormat
from harness.session.encoded_utterance import hesitant

FRAME = 480
WIRE_FORMAT = WireFormat(
    silence=b"silence",
    frame_samples=FRAME,
    audio=AudioFormat(24_000),
    new_decoder=Base64Audio,
    limit_ns=10**9,
)


def utterance(
    frames: int, onset: int = 100, end: int | None = None, levels: bytes = b""
) -> EncodedUtterance:
    return EncodedUtterance(
        utterance_id="u",
        messages=[f"{n}".encode() for n in range(frames)],
        onset_sample=onset,
        end_sample=frames * FRAME - 1 if end is None else end,
        levels=levels,
    )


@given(
    frames=st.integers(1, 60),
    marks=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    pause_ms=st.floats(0, 500),
    at=st.floats(0.01, 0.99),
    levels=st.binary(max_size=60),
)
def test_a_pause_parts_the_speech_and_nothing_is_lost(
    frames: int, marks: tuple[float, float], pause_ms: float, at: float, levels: bytes
) -> None:
    # Speech of at least two samples, so that it ends within the clip.
    last = frames * FRAME - 2
    onset, end = sorted(round(mark * last) for mark in marks)
    known = levels[:frames] if len(levels) >= frames else b""
    said = utterance(frames, onset, max(end, onset + 1), known)
    slow = hesitant(said, WIRE_FORMAT, pause_ms, at)
    assert [m for m in slow.messages if m != b"silence"] == list(said.messages)
    pause = len(slow.messages) - frames
    assert slow.onset_sample == said.onset_sample
    assert slow.end_sample == said.end_sample + pause * FRAME
    if pause:
        # To the sample and then to the frame: either may round.
        assert pause >= 1
        assert pause == 1 or abs(pause - pause_ms / 20) < 0.51
        first = list(slow.messages).index(b"silence")
        assert said.onset_sample < first * FRAME <= said.end_sample
    else:
        assert said.end_sample // FRAME <= said.onset_sample // FRAME


@pytest.mark.parametrize(("at", "before"), [(0.5, 50), (0.3, 30), (0.99, 99)])
def test_without_levels_the_pause_is_where_it_was_drawn(at: float, before: int) -> None:
    slow = hesitant(utterance(100, onset=0), WIRE_FORMAT, 40, at)
    assert list(slow.messages).index(b"silence") == before


def test_the_pause_is_put_between_the_quietest_frames_nearby() -> None:
    levels = bytearray([80] * 100)
    levels[46], levels[47], levels[52] = 20, 25, 10
    levels[70] = levels[71] = 0  # quieter, but too far away
    slow = hesitant(utterance(100, levels=bytes(levels)), WIRE_FORMAT, 40, 0.5)
    assert list(slow.messages).index(b"silence") == 47
