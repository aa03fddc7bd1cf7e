import numpy as np
import pytest

from harness.corpus import silence_frame
from harness.corpus.encoding.wire import encode
from harness.model import AudioFormat, Encoding


@pytest.mark.parametrize(
    ("encoding", "silence"),
    [(Encoding.PCM16, b"\0\0"), (Encoding.MULAW, b"\xff"), (Encoding.ALAW, b"\xd5")],
)
def test_silence_is_the_encodings_own(encoding: Encoding, silence: bytes) -> None:
    assert silence_frame(AudioFormat(rate_hz=8_000, encoding=encoding), 160) == silence * 160


def test_an_empty_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        silence_frame(AudioFormat(24_000), 0)


def test_pcm_travels_little_endian() -> None:
    assert encode(np.array([1, -2], dtype=np.int16), Encoding.PCM16) == b"\x01\x00\xfe\xff"
