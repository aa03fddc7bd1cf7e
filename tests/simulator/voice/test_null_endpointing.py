import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.simulator.voice.null_endpointing import LastSample
from harness.simulator.voice.sound_formats import FORMATS, SoundFormat
from harness.simulator.voice.voice_activity import Started, Stopped


def _found(audio: bytes, sound: SoundFormat, cuts: list[int]) -> list[Started | Stopped]:
    ear = LastSample(
        rate_hz=sound.rate_hz, silence_ms=100, zeros=sound.zeros, sample_bytes=sound.sample_bytes
    )
    found, at, number = list[Started | Stopped](), 0, 0
    while at < len(audio):
        step = cuts[number % len(cuts)] * sound.sample_bytes
        found += ear.feed(audio[at : at + step])
        at, number = at + step, number + 1
    return found


@given(
    st.sampled_from(sorted(FORMATS)),
    st.integers(0, 5_000),
    st.integers(1, 3_000),
    st.lists(st.integers(50, 900), min_size=1, max_size=4),
)
def test_first_and_last_sample_are_found_to_the_sample(
    name: str, before: int, length: int, cuts: list[int]
) -> None:
    sound = FORMATS[name]
    speech = np.full(length, 5_000, dtype=np.int16)
    audio = sound.silence(before) + sound.encode(speech) + sound.silence(sound.rate_hz // 5)
    started, stopped = _found(audio, sound, cuts)
    assert isinstance(started, Started)
    assert isinstance(stopped, Stopped)
    assert started.onset_sample == before
    assert stopped.last_voiced_sample == before + length - 1
    window = sound.rate_hz // 10
    waited = stopped.decided_sample - stopped.last_voiced_sample - 1
    assert window <= waited <= window + max(cuts)


@pytest.mark.parametrize("samples", [0, 1, 100_000])
def test_silence_is_nothing(samples: int) -> None:
    assert list(LastSample(rate_hz=24_000).feed(bytes(2 * samples))) == []
