import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.corpus import frames, silence_frame
from harness.model import AudioFormat, Encoding, Utterance


def _utterance(samples: int, rate_hz: int = 24_000) -> Utterance:
    return Utterance(
        id="u",
        samples=np.arange(samples, dtype=np.int16) - 100,
        rate_hz=rate_hz,
        speech_onset_sample=0,
        speech_end_sample=samples - 1,
        end_uncertainty_ms=0.0,
    )


@given(samples=st.integers(2, 3000), frame_samples=st.integers(1, 1000))
def test_frames_are_equal_and_hold_every_sample_then_silence(
    samples: int, frame_samples: int
) -> None:
    utterance = _utterance(samples)
    cut = frames(utterance, AudioFormat(), frame_samples)
    assert {len(frame) for frame in cut} == {2 * frame_samples}
    sent = np.frombuffer(b"".join(cut), dtype="<i2")
    assert np.array_equal(sent[:samples], utterance.samples)
    assert not sent[samples:].any()
    assert len(sent) - samples < frame_samples


@pytest.mark.parametrize(
    ("encoding", "silence"),
    [(Encoding.PCM16, b"\0\0"), (Encoding.MULAW, b"\xff"), (Encoding.ALAW, b"\xd5")],
)
def test_silence_and_padding_are_the_encodings_own(encoding: Encoding, silence: bytes) -> None:
    fmt = AudioFormat(rate_hz=8_000, encoding=encoding)
    assert silence_frame(fmt, 160) == silence * 160
    *_, last = frames(_utterance(170, 8_000), fmt, 160)
    assert last[10 * len(silence) :] == silence * 150
    assert len(last) == 160 * len(silence)


def test_an_utterance_at_another_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="24000"):
        frames(_utterance(100), AudioFormat(rate_hz=8_000), 160)


def test_an_empty_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        frames(_utterance(100), AudioFormat(), 0)
    with pytest.raises(ValueError, match="at least one sample"):
        silence_frame(AudioFormat(), 0)
