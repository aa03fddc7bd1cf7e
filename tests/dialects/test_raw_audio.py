import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects.raw_audio import RawAudio
from harness.model import AudioFormat, Encoding

PCM = AudioFormat(16_000)


@given(st.lists(st.binary(max_size=9), max_size=20))
def test_samples_are_whole_however_the_stream_is_cut(pieces: list[bytes]) -> None:
    counts, decodes = RawAudio(PCM), RawAudio(PCM)
    whole = b"".join(pieces)
    expected = np.frombuffer(whole[: len(whole) // 2 * 2], "<i2")
    decoded = [decodes.decode(piece) for piece in pieces]
    assert np.array_equal(np.concatenate([*decoded, np.empty(0, np.int16)]), expected)
    assert sum(counts.count(piece) for piece in pieces) == len(expected)


def test_half_a_sample_does_not_carry_over_to_the_next_item() -> None:
    audio = RawAudio(PCM)
    assert len(audio.decode(b"\1")) == 0
    audio.next_item()
    assert audio.decode(b"\2\0").tolist() == [2]


def test_an_unknown_encoding_holds_no_samples() -> None:
    audio = RawAudio(AudioFormat(16_000, Encoding.UNKNOWN))
    assert len(audio.decode(b"\0\0")) == 0
    assert audio.undecodable == 1
    assert len(RawAudio(AudioFormat(8_000, Encoding.MULAW)).decode(b"\xff\xff")) == 2
    assert len(RawAudio(AudioFormat(8_000, Encoding.ALAW)).decode(b"\xd5")) == 1
