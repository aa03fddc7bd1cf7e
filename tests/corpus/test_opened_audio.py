import io
import os
import struct
from pathlib import Path

import pytest

from harness.corpus.opened_audio import open_audio

HEAD = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8_000, 16_000, 2, 16)
BODY = bytes(range(250)) * 8


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    (tmp_path / "a.wav").write_bytes(HEAD + b"data\0\0\0\0" + BODY)
    return tmp_path / "a.wav"


def test_another_head_is_shown_and_the_rest_as_it_is(unfinished: Path) -> None:
    before = unfinished.read_bytes()
    with open_audio(unfinished) as file:
        shown = file.read()
    assert shown[44:] == BODY
    assert struct.unpack("<I", shown[40:44]) == (len(BODY),)
    assert unfinished.read_bytes() == before


def test_every_place_can_be_reached(unfinished: Path) -> None:
    with open_audio(unfinished) as file:
        whole = file.read()
        for at in (0, 1, 39, 43, 44, 45, 1_000, len(whole) - 1):
            file.seek(at)
            assert file.read(60) == whole[at : at + 60]
        assert file.seek(-3, os.SEEK_END) == len(whole) - 3
        assert file.seek(1, os.SEEK_CUR) == len(whole) - 2
        assert file.read() == whole[-2:]


def test_a_file_in_good_order_is_opened_itself(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"anything")
    with open_audio(tmp_path / "a") as file:
        assert isinstance(file, io.BufferedReader)
        assert file.read() == b"anything"
    with pytest.raises(OSError, match="none"):
        open_audio(tmp_path / "none")
