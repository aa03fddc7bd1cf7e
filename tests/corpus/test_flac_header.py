"""FLAC whose header does not tell its length, as encoders write it into a pipe."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.corpus.flac_header import flac_head
from harness.corpus.sound import Unreadable, file_length_s, read

NOISE = np.random.default_rng(1)
TOTAL_AT = 21


def _flac(path: Path, samples: int, rate_hz: int = 16_000, *, channels: int = 1) -> np.ndarray:
    """Write a file without its length, and return its first channel."""
    block = NOISE.normal(0, 2_000, (samples, channels)).astype(np.int16)
    soundfile.write(path, block, rate_hz)
    content = bytearray(path.read_bytes())
    content[TOTAL_AT] &= 0xF0
    content[TOTAL_AT + 1 : TOTAL_AT + 5] = bytes(4)
    path.write_bytes(content)
    first: np.ndarray = block[:, 0]
    return first


# Fewer samples than a block, whole blocks, one more than that, and numbers of frames beyond 127,
# which take two bytes; rates that the head of a frame does and does not name.
@pytest.mark.parametrize("samples", [100, 4_096, 4_097, 40_000, 600_000])
@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000])
def test_the_last_frame_tells_the_length(tmp_path: Path, samples: int, rate_hz: int) -> None:
    heard = _flac(tmp_path / "A.FLAC", samples, rate_hz)
    assert file_length_s(tmp_path / "A.FLAC") == pytest.approx(samples / rate_hz)
    assert np.array_equal(read(tmp_path / "A.FLAC").samples, heard)


def test_a_cut_of_such_a_file_and_its_second_channel_are_read(tmp_path: Path) -> None:
    heard = _flac(tmp_path / "a.flac", 48_000, channels=2)
    assert np.array_equal(read(tmp_path / "a.flac", 1.0, 0.5).samples, heard[16_000:24_000])
    assert read(tmp_path / "a.flac", channel=1).channels == 2


def test_one_that_breaks_off_is_named(tmp_path: Path) -> None:
    _flac(tmp_path / "a.flac", 48_000)
    content = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(Unreadable, match="does not say how long it is"):
        read(tmp_path / "a.flac")


def test_a_length_that_is_told_is_left_alone(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", np.zeros(100, np.int16), 8_000)
    for content in ((tmp_path / "a.flac").read_bytes(), b"fLaC", b"RIFF" + bytes(60)):
        (tmp_path / "b").write_bytes(content)
        with (tmp_path / "b").open("rb") as file:
            assert flac_head(file, len(content)) is None
