import base64

import numpy as np
import pytest

from harness.dialects.base64_audio import Base64Audio
from harness.model import AudioFormat, Encoding
from harness.session.playout.rescaled_decoder import RescaledDecoder


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(8_000, 24_000), (24_000, 16_000), (16_000, 24_000)]
)
@pytest.mark.parametrize("piece", [2, 14, 202, 1_000])
def test_every_sample_is_in_its_place(from_hz: int, to_hz: int, piece: int) -> None:
    ramp = np.arange(3_000, dtype="<i2")
    written = ramp.tobytes()
    deltas = [base64.b64encode(written[at : at + piece]) for at in range(0, len(written), piece)]
    stream = RescaledDecoder(Base64Audio(AudioFormat(from_hz)), from_hz, to_hz)
    heard = np.concatenate([stream.decode(delta) for delta in deltas])
    assert len(heard) == 3_000 * to_hz // from_hz
    expected = np.arange(len(heard)) * from_hz // to_hz
    assert np.abs(heard - expected).max() <= 1
    counting = RescaledDecoder(Base64Audio(AudioFormat(from_hz)), from_hz, to_hz)
    assert sum(counting.count(delta) for delta in deltas) == len(heard)


def test_counting_and_decoding_may_take_turns() -> None:
    stream = RescaledDecoder(Base64Audio(AudioFormat(8_000, Encoding.MULAW)), 8_000, 24_000)
    delta = base64.b64encode(bytes(100))
    counts = [stream.count(delta), len(stream.decode(delta)), stream.count(delta.rstrip(b"="))]
    assert counts == [300, 300, 300]
