import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.simulator.voice.linear_audio import Resampler


def _ramp(samples: int) -> bytes:
    return (np.arange(samples) * 3).astype("<i2").tobytes()


@pytest.mark.parametrize(("from_hz", "to_hz"), [(8_000, 24_000), (16_000, 24_000), (24_000, 8_000)])
def test_a_straight_line_stays_one_at_the_other_rate(from_hz: int, to_hz: int) -> None:
    told = np.frombuffer(Resampler(from_hz, to_hz).feed(_ramp(2_400)), "<i2")
    assert abs(len(told) - 2_400 * to_hz / from_hz) <= to_hz / from_hz
    steps = np.diff(told[3:].astype(float))
    assert np.abs(steps - 3 * from_hz / to_hz).max() <= 1


@given(st.lists(st.integers(0, 300), min_size=1, max_size=20), st.sampled_from([8, 16, 24]))
def test_pieces_give_what_the_whole_gives(cuts: list[int], from_khz: int) -> None:
    audio = _ramp(sum(cuts))
    in_pieces, at = Resampler(from_khz * 1_000, 24_000), 0
    told = b""
    for samples in cuts:
        told += in_pieces.feed(audio[2 * at : 2 * (at + samples)])
        at += samples
    assert told == Resampler(from_khz * 1_000, 24_000).feed(audio)
