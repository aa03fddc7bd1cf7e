import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.simulator.voice.sound_formats import ALAW, FORMATS, MULAW, PCM, SoundFormat

G711 = [MULAW, ALAW]


@pytest.mark.parametrize("sound", FORMATS.values(), ids=lambda sound: sound.name)
def test_silence_is_silence(sound: SoundFormat) -> None:
    decoded = sound.decode(sound.silence(100))
    assert decoded.shape == (100,)
    assert np.abs(decoded).max() <= 8
    assert not sound.encode(np.zeros(9, dtype=np.int16)).strip(sound.zeros)


@pytest.mark.parametrize("sound", G711, ids=lambda sound: sound.name)
def test_codes_survive_the_way_there_and_back(sound: SoundFormat) -> None:
    levels = sound.decode(bytes(range(256)))
    assert np.array_equal(sound.decode(sound.encode(levels)), levels)


# Codes and levels of the standard's end points.
@pytest.mark.parametrize(
    ("sound", "code", "level"),
    [
        (MULAW, 0x80, 32_124),
        (MULAW, 0x00, -32_124),
        (MULAW, 0xFF, 0),
        (ALAW, 0xAA, 32_256),
        (ALAW, 0x2A, -32_256),
        (ALAW, 0xD5, 8),
    ],
)
def test_end_points_are_those_of_the_standard(sound: SoundFormat, code: int, level: int) -> None:
    assert int(sound.decode(bytes([code]))[0]) == level


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=50))
def test_companding_is_off_by_a_small_part_of_the_level(values: list[int]) -> None:
    samples = np.array(values, dtype=np.int16)
    assert np.array_equal(PCM.decode(PCM.encode(samples)), samples)
    for sound in G711:
        error = np.abs(sound.decode(sound.encode(samples)).astype(int) - samples)
        assert (error <= np.maximum(16, np.abs(samples.astype(int)) // 16)).all()
