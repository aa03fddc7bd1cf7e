"""Two channels in a file, and back."""

from pathlib import Path

import numpy as np
import pytest

from harness.corpus.sound import Unreadable, write
from harness.corpus.stereo import as_flac, read_stereo


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000, 44_100, 48_000])
def test_what_is_written_is_read_again_sample_for_sample(rate_hz: int, tmp_path: Path) -> None:
    samples = np.random.default_rng(1).integers(-32_768, 32_768, (999, 2)).astype(np.int16)
    (tmp_path / "a.flac").write_bytes(as_flac(samples, rate_hz))
    again, found_hz = read_stereo(tmp_path / "a.flac")
    assert found_hz == rate_hz
    assert np.array_equal(again, samples)


def test_a_file_that_is_none_of_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"no audio")
    with pytest.raises(Unreadable, match="not readable"):
        read_stereo(tmp_path / "a.flac")
    with pytest.raises(Unreadable, match="not readable"):
        read_stereo(tmp_path / "gone.flac")
    write(tmp_path / "mono.wav", np.zeros(99, np.int16), 8_000)
    with pytest.raises(Unreadable, match="1 channels"):
        read_stereo(tmp_path / "mono.wav")
