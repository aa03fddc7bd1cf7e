import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.session import OnsetDetector

RATE_HZ = 24_000


def tone(seconds: float, dbfs: float = -20.0) -> NDArray[np.int16]:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    peak = 32767 * 10 ** (dbfs / 20) * np.sqrt(2)
    wave: NDArray[np.float64] = peak * np.cos(2 * np.pi * 220 * time_s)
    return wave.astype(np.int16)


def silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(round(seconds * RATE_HZ), dtype=np.int16)


def onset_of(reply: NDArray[np.int16], piece: int = 2400) -> int | None:
    detector = OnsetDetector(RATE_HZ)
    for start in range(0, len(reply), piece):
        detector.feed(reply[start : start + piece])
    return detector.audible_sample


@settings(max_examples=60, deadline=None)
@given(lead=st.integers(0, 30_000), piece=st.integers(1, 9_000))
def test_the_onset_is_found_wherever_it_lies_and_however_the_reply_is_cut(
    lead: int, piece: int
) -> None:
    reply = np.concatenate((np.zeros(lead, dtype=np.int16), tone(0.3)))
    found = onset_of(reply, piece)
    assert found is not None
    assert abs(found - lead) <= RATE_HZ // 1000


def test_speech_from_the_first_sample_has_no_leading_silence() -> None:
    assert onset_of(tone(0.2)) == 0


def test_silence_is_never_audible() -> None:
    assert onset_of(silence(2.0)) is None


@pytest.mark.parametrize("click_ms", [1, 5, 9])
def test_a_click_is_not_speech(click_ms: int) -> None:
    click = tone(click_ms / 1000, dbfs=-6)
    reply = np.concatenate((silence(0.1), click, silence(0.2), tone(0.2)))
    found = onset_of(reply)
    assert found is not None
    assert found >= round(0.3 * RATE_HZ)


def test_faint_noise_ahead_of_speech_is_not_its_onset() -> None:
    noise = np.random.default_rng(1).normal(0, 32768 * 10 ** (-62 / 20), RATE_HZ // 4)
    reply = np.concatenate((noise.astype(np.int16), tone(0.2)))
    found = onset_of(reply)
    assert found is not None
    assert abs(found - RATE_HZ // 4) <= RATE_HZ // 500
