import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import AudioFormat, Encoding
from harness.model.audio import ns_from_samples, samples_from_ns

RATES = st.sampled_from([8_000, 16_000, 24_000, 44_100, 48_000])


@given(st.integers(0, 10**9), RATES)
def test_samples_come_back_from_their_duration_to_one(samples: int, rate_hz: int) -> None:
    back = samples_from_ns(ns_from_samples(samples, rate_hz), rate_hz)
    assert samples - 1 <= back <= samples


def test_a_second_is_as_many_samples_as_the_rate_says() -> None:
    assert ns_from_samples(24_000, 24_000) == 1_000_000_000
    assert samples_from_ns(20_000_000, 8_000) == 160


@pytest.mark.parametrize(
    ("encoding", "size"), [(Encoding.PCM16, 2), (Encoding.MULAW, 1), (Encoding.ALAW, 1)]
)
def test_a_sample_takes_as_many_bytes_as_its_encoding_says(encoding: Encoding, size: int) -> None:
    assert encoding.bytes_per_sample == size


@pytest.mark.parametrize("rate_hz", [0, 7_999, 48_001])
def test_a_rate_that_no_api_speaks_is_refused(rate_hz: int) -> None:
    with pytest.raises(ValueError, match="rate_hz"):
        AudioFormat(rate_hz=rate_hz)


def test_a_frame_holds_whole_samples() -> None:
    assert AudioFormat(rate_hz=24_000).frame_samples(20) == 480
    for frame_ms, rate_hz in ((0, 24_000), (1, 11_025)):
        with pytest.raises(ValueError, match="not whole"):
            AudioFormat(rate_hz=rate_hz).frame_samples(frame_ms)
