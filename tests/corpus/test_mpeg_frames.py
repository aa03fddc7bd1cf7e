"""MP3 without the frame that tells its length, or with one that counts a part of it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.corpus.mpeg_frames import mpeg_head
from harness.corpus.sound import read

RATES_HZ = [8_000, 16_000, 24_000, 44_100]
# An encoder begins with up to this much of silence, and fills up the last frame.
SLACK = 4 * 1_152


def _mp3(path: Path, rate_hz: int, channels: int = 1) -> int:
    """Write 3 s of varying bit rate: a tone, then noise; return how many samples there are."""
    at = np.arange(3 * rate_hz) / rate_hz
    loud = np.random.default_rng(1).normal(0, 0.2, len(at))
    block = np.where(at < 1.5, 0.2 * np.sin(2 * np.pi * 440 * at), loud)
    stacked = np.stack([block] * channels, axis=1)
    soundfile.write(path, stacked, rate_hz, format="MP3", bitrate_mode="VARIABLE")
    return len(block)


def _first_frame(content: bytes) -> int:
    """Return the length of the first frame: the next begins with the same two bytes."""
    return content.index(content[:2], 4)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("before", [b"", b"ID3\x03\0\0\0\0\x07\x76" + bytes(1_014)])
def test_a_file_without_its_first_frame_is_read_to_its_end(
    tmp_path: Path, rate_hz: int, channels: int, before: bytes
) -> None:
    path = tmp_path / "A.MP3"
    samples = _mp3(path, rate_hz, channels)
    content = path.read_bytes()
    path.write_bytes(before + content[_first_frame(content) :])
    assert samples <= len(read(path).samples) < samples + SLACK


def test_joined_files_are_read_to_their_end(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    samples = _mp3(path, 16_000)
    path.write_bytes(path.read_bytes() * 2 + b"TAG" + bytes(125))
    assert 2 * samples <= len(read(path).samples) < 2 * samples + 2 * SLACK


def test_a_file_that_tells_its_length_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    samples = _mp3(path, 16_000)
    with path.open("rb") as file:
        assert mpeg_head(file, path.stat().st_size) is None
    assert len(read(path).samples) == samples


@pytest.mark.parametrize(
    "content",
    [b"", b"ID3", b"\xff", b"\xff\xfb\x90\x00", b"ID3\x03\0\0\x7f\x7f\x7f\x7f" + bytes(9)],
)
def test_what_is_no_mp3_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with (tmp_path / "a").open("rb") as file:
        assert mpeg_head(file, len(content)) is None
