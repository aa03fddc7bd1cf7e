import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness.corpus import speech_like
from harness.corpus.marks.annotate import Annotator

SEEDS = st.integers(0, 2**32 - 1)
RATES_HZ = st.sampled_from([8_000, 16_000, 24_000, 48_000])


def _speech(seed: int, duration_s: float, rate_hz: int) -> NDArray[np.int16]:
    return speech_like(np.random.default_rng(seed), duration_s, rate_hz)


def _levels_dbfs(samples: NDArray[np.int16], rate_hz: int, window_s: float) -> NDArray[np.float64]:
    window = round(window_s * rate_hz)
    whole = samples[: len(samples) // window * window].reshape(-1, window) / 32768
    levels: NDArray[np.float64] = 10 * np.log10(np.mean(whole**2, axis=1) + 1e-12)
    return levels


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, duration_s=st.floats(0.1, 4.0), rate_hz=RATES_HZ)
def test_it_is_loud_from_its_first_sample_to_its_last(
    seed: int, duration_s: float, rate_hz: int
) -> None:
    samples = _speech(seed, duration_s, rate_hz)
    assert len(samples) == round(duration_s * rate_hz)
    assert min(abs(int(samples[0])), abs(int(samples[-1]))) > 500
    head, tail = (
        _levels_dbfs(samples, rate_hz, 0.005)[0],
        _levels_dbfs(samples[::-1], rate_hz, 0.005)[0],
    )
    assert min(head, tail) > -30.0


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, rate_hz=RATES_HZ)
def test_its_level_is_that_of_speech_and_its_pauses_are_short(seed: int, rate_hz: int) -> None:
    samples = _speech(seed, 3.0, rate_hz)
    assert _levels_dbfs(samples, rate_hz, 3.0)[0] == pytest.approx(-20.0, abs=1.0)
    assert np.abs(samples.astype(np.int64)).max() < 32_700
    quiet = _levels_dbfs(samples, rate_hz, 0.01) < -45.0
    runs = "".join("q" if window else " " for window in quiet).split()
    assert max((len(run) for run in runs), default=0) < 15


def test_the_same_seed_says_the_same_and_another_does_not() -> None:
    assert np.array_equal(_speech(1, 1.0, 24_000), _speech(1, 1.0, 24_000))
    assert not np.array_equal(_speech(1, 1.0, 24_000), _speech(2, 1.0, 24_000))


def test_a_detector_of_voices_takes_it_for_speech() -> None:
    annotator, heard = Annotator(), []
    for seed in range(6):
        samples = np.concatenate((np.zeros(8_000, np.int16), _speech(seed, 2.0, 16_000)))
        heard += annotator._probabilities(samples)[16:77]
    assert np.mean(np.array(heard) > 0.5) > 0.75


def test_too_short_to_be_speech_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 0\.1 s"):
        _speech(1, 0.05, 24_000)
