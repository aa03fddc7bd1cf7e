"""WAV headers of every kind that programs leave behind, written here byte by byte."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.corpus.sound import Unreadable, file_length_s, read, why_not_read

SAMPLES = (8_000 * np.sin(2 * np.pi * 440 * np.arange(4_000) / 16_000)).astype("<i2")
BODY = SAMPLES.tobytes()
SIZE = len(BODY)
FMT = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16)
LIST = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf60.16.100\0"


def _wav(
    path: Path, riff: int, data: int, *, body: bytes = BODY, before: bytes = b"", after: bytes = b""
) -> Path:
    head = b"RIFF" + struct.pack("<I", riff) + b"WAVE" + FMT + before
    path.write_bytes(head + b"data" + struct.pack("<I", data) + body + after)
    return path


@pytest.mark.parametrize(
    ("riff", "data"),
    [
        (36, 0),
        (0, 0),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0xFFFFFFFF, 0),
        (0, 0xFFFFFFFF),
        (0x7FFFF024, 0x7FFFF000),
        (0x7FFFFFFF, 0x7FFFFFFF),
        (0x40000024, 0x40000000),
        (SIZE + 80, SIZE + 44),
        (SIZE + 44, SIZE + 8),
        (36, SIZE * 4),
        (36 + 1_600, 1_600),
    ],
)
@pytest.mark.parametrize("before", [b"", LIST])
def test_a_header_that_was_never_finished_is_read_to_the_end_of_the_file(
    tmp_path: Path, riff: int, data: int, before: bytes
) -> None:
    path = _wav(tmp_path / "a.wav", riff, data, before=before)
    assert np.array_equal(read(path).samples, SAMPLES)
    assert file_length_s(path) == 0.25
    assert np.array_equal(read(path, 0.1, 0.1).samples, SAMPLES[1_600:3_200])


def test_a_sample_that_was_half_written_is_left_out(tmp_path: Path) -> None:
    path = _wav(tmp_path / "a.wav", 0, 0, body=BODY + b"\x01")
    assert np.array_equal(read(path).samples, SAMPLES)


def test_a_finished_header_is_taken_at_its_word(tmp_path: Path) -> None:
    whole = _wav(tmp_path / "whole.wav", SIZE + 36 + len(LIST), SIZE, after=LIST)
    assert np.array_equal(read(whole).samples, SAMPLES)
    empty = _wav(tmp_path / "empty.wav", 36 + len(LIST), 0, body=b"", after=LIST)
    with pytest.raises(Unreadable, match="no audio"):
        read(empty)
    for tail in (bytes(3_000), b"ID3\x03" + bytes(range(256)) * 20):
        tagged = _wav(tmp_path / "tagged.wav", SIZE + 36, SIZE, after=tail)
        assert np.array_equal(read(tagged).samples, SAMPLES)
    half = _wav(tmp_path / "half.wav", SIZE + 36, SIZE, body=BODY[: SIZE // 2])
    with pytest.raises(Unreadable, match="breaks off"):
        read(half)


def test_reading_does_not_change_the_file(tmp_path: Path) -> None:
    path = _wav(tmp_path / "a.wav", 0, 0)
    before = path.read_bytes()
    read(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("sizes", [(SIZE + 72, SIZE), (0, 0), (2**64 - 1, 2**64 - 1)])
def test_rf64_with_true_sizes_and_with_none(tmp_path: Path, sizes: tuple[int, int]) -> None:
    ds64 = b"ds64" + struct.pack("<IQQQI", 28, *sizes, SIZE // 2, 0)
    head = b"RF64" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + ds64 + FMT
    (tmp_path / "a.wav").write_bytes(head + b"data" + struct.pack("<I", 0xFFFFFFFF) + BODY)
    assert np.array_equal(read(tmp_path / "a.wav").samples, SAMPLES)


def test_every_channel_of_an_unfinished_file_is_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    block = np.stack((SAMPLES, -SAMPLES), axis=1) / 32768
    soundfile.write(path, block, 16_000, subtype="FLOAT")
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[4:8] = content[at : at + 4] = bytes(4)
    path.write_bytes(content)
    assert np.array_equal(read(path, channel=1).samples, -SAMPLES)


def test_an_ending_that_is_not_read_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a.M4A").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(500))
    with pytest.raises(Unreadable, match="AAC and MPEG-4 cannot be read; convert"):
        read(tmp_path / "a.M4A")
    assert why_not_read(Path("a.wav")) is None


@pytest.mark.parametrize(
    ("riff", "data"), [(SIZE + 36, SIZE), (0, 0), (0xFFFFFFFF, 0xFFFFFFFF), (36, 0)]
)
def test_big_endian_wav_is_read_whole_and_unfinished(tmp_path: Path, riff: int, data: int) -> None:
    fmt = b"fmt " + struct.pack(">IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16)
    head = b"RIFX" + struct.pack(">I", riff) + b"WAVE" + fmt + b"data" + struct.pack(">I", data)
    (tmp_path / "a.wav").write_bytes(head + SAMPLES.astype(">i2").tobytes())
    assert np.array_equal(read(tmp_path / "a.wav").samples, SAMPLES)


@pytest.mark.parametrize("sizes", [(SIZE + 72, SIZE), (0, 0)])
def test_bw64_is_rf64_by_another_name(tmp_path: Path, sizes: tuple[int, int]) -> None:
    ds64 = b"ds64" + struct.pack("<IQQQI", 28, *sizes, SIZE // 2, 0)
    head = b"BW64" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + ds64 + FMT
    (tmp_path / "a.wav").write_bytes(head + b"data" + struct.pack("<I", 0xFFFFFFFF) + BODY)
    assert np.array_equal(read(tmp_path / "a.wav").samples, SAMPLES)


@pytest.mark.parametrize(
    "before",
    [
        b"JUNK" + struct.pack("<I", 28) + bytes(28),
        b"bext" + struct.pack("<I", 602) + bytes(602),
        b"LIST" + struct.pack("<I", 5) + b"INFOx\0",
    ],
)
@pytest.mark.parametrize("data", [0, 0xFFFFFFFF])
@pytest.mark.parametrize("extensible", [False, True])
def test_chunks_before_the_audio_of_an_unfinished_file(
    tmp_path: Path, before: bytes, data: int, extensible: bool
) -> None:
    fmt = FMT
    if extensible:
        kind = struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
        plain = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 16_000, 32_000, 2, 16, 22, 16, 4)
        fmt = b"fmt " + struct.pack("<I", 40) + plain + kind
    head = b"RIFF" + struct.pack("<I", data) + b"WAVE" + fmt + before
    (tmp_path / "a.wav").write_bytes(head + b"data" + struct.pack("<I", data) + BODY)
    assert np.array_equal(read(tmp_path / "a.wav").samples, SAMPLES)
