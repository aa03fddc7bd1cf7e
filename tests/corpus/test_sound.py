from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from harness.corpus.sound import (
    Unreadable,
    duration_s,
    file_length_s,
    read,
    resample,
    suffixes,
    write,
)

TONE = (8_000 * np.sin(2 * np.pi * 440 * np.arange(4_000) / 16_000)).astype(np.int16)


def test_int16_survives_writing_and_reading(tmp_path: Path) -> None:
    samples = np.array([0, 1, -1, 32767, -32768, 1234], dtype=np.int16)
    write(tmp_path / "a.wav", samples, 16_000)
    sound = read(tmp_path / "a.wav")
    assert np.array_equal(sound.samples, samples)
    assert (sound.rate_hz, sound.channels) == (16_000, 1)


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("a.wav", "FLOAT"),
        ("a.wav", "PCM_24"),
        ("a.flac", None),
        ("a.ogg", "VORBIS"),
        ("a.mp3", None),
    ],
)
def test_only_the_first_channel_is_taken_whatever_the_file_is(
    tmp_path: Path, name: str, subtype: str | None
) -> None:
    block = np.stack((TONE, np.zeros_like(TONE)), axis=1) / 32768
    soundfile.write(str(tmp_path / name), block, 16_000, subtype=subtype)
    sound = read(tmp_path / name)
    assert sound.channels == 2
    assert np.std(sound.samples[1000:3000]) == pytest.approx(np.std(TONE), rel=0.1)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not readable"),
        (b"this is no audio at all", "not readable"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "not readable"),
    ],
)
def test_what_is_not_audio_is_named(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(Unreadable, match=why) as refused:
        read(tmp_path / "a.wav")
    assert str(tmp_path) not in str(refused.value)


def test_an_empty_file_and_an_endless_one_are_no_utterances(tmp_path: Path) -> None:
    write(tmp_path / "empty.wav", np.zeros(0, dtype=np.int16), 16_000)
    with pytest.raises(Unreadable, match="no audio"):
        read(tmp_path / "empty.wav")
    write(tmp_path / "long.wav", np.zeros(301 * 4_000, dtype=np.int16), 4_000)
    with pytest.raises(Unreadable, match="longer"):
        duration_s(tmp_path / "long.wav")


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        read(tmp_path / "none.wav")


@given(
    from_hz=st.sampled_from([8_000, 16_000, 22_050, 44_100]),
    to_hz=st.sampled_from([8_000, 16_000, 24_000]),
    samples=st.integers(1, 5_000),
)
def test_resampling_keeps_the_length_in_time(from_hz: int, to_hz: int, samples: int) -> None:
    assert (
        abs(len(resample(np.zeros(samples, np.int16), from_hz, to_hz)) - samples * to_hz / from_hz)
        <= 1
    )


def test_resampling_moves_nothing_in_time() -> None:
    click = np.zeros(1_600, dtype=np.int16)
    click[800] = 20_000
    assert int(np.argmax(resample(click, 16_000, 24_000))) == 1_200


def test_common_endings_are_known_and_headerless_audio_is_not() -> None:
    assert suffixes() >= {".wav", ".flac", ".ogg", ".mp3", ".opus", ".aiff"}
    assert ".raw" not in suffixes()


def test_a_cut_holds_the_samples_of_its_place_and_channel(tmp_path: Path) -> None:
    ramp = np.arange(8_000, dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", np.stack((ramp, -ramp), axis=1), 8_000)
    cut = read(tmp_path / "a.wav", 0.25, 0.5, 1)
    assert np.array_equal(cut.samples, -ramp[2_000:6_000])
    assert len(read(tmp_path / "a.wav", 0.25).samples) == 6_000
    # Collections round: a few milliseconds past the end are forgiven.
    assert len(read(tmp_path / "a.wav", 0.25, 0.76).samples) == 6_000


@pytest.mark.parametrize("cut", [(0.5, 1.0, 0), (2.0, None, 0), (-1.0, 0.5, 0), (0.0, None, 2)])
def test_a_cut_that_is_not_there_is_refused(tmp_path: Path, cut: Any) -> None:
    write(tmp_path / "a.wav", np.arange(8_000, dtype=np.int16), 8_000)
    with pytest.raises(Unreadable):
        read(tmp_path / "a.wav", *cut)


@pytest.mark.parametrize("length_s", [0.0, -1.0, float("nan")])
def test_a_cut_of_no_length_says_so(tmp_path: Path, length_s: float) -> None:
    write(tmp_path / "a.wav", np.arange(8_000, dtype=np.int16), 8_000)
    with pytest.raises(Unreadable, match=r"is a cut of (0|-1|nan) s"):
        read(tmp_path / "a.wav", 0.0, length_s)


def test_a_long_file_may_be_cut_though_it_is_no_utterance(tmp_path: Path) -> None:
    write(tmp_path / "long.wav", np.ones(301 * 4_000, dtype=np.int16), 4_000)
    assert file_length_s(tmp_path / "long.wav") == 301.0
    assert len(read(tmp_path / "long.wav", 300.0, 1.0).samples) == 4_000
    with pytest.raises(Unreadable, match="longer"):
        read(tmp_path / "long.wav")


def test_a_header_written_to_a_pipe_promises_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", TONE, 16_000)
    content = bytearray((tmp_path / "a.wav").read_bytes())
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    (tmp_path / "a.wav").write_bytes(content)
    assert np.array_equal(read(tmp_path / "a.wav").samples, TONE)
    (tmp_path / "b.wav").write_bytes(content[:40] + b"\x00\x90\x00\x00" + content[44:])
    with pytest.raises(Unreadable, match="breaks off"):
        read(tmp_path / "b.wav")


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("AIFF", "a.aiff"),
        ("AIFF", "A.AIF"),
        ("AIFF", "a.wav"),
        ("AU", "a.snd"),
        ("W64", "a.w64"),
        ("RF64", "a.wav"),
        ("WAVEX", "a.wav"),
        ("VOC", "a.voc"),
        ("SVX", "a.iff"),
    ],
)
def test_every_container_is_read_by_its_content_and_told_when_it_breaks_off(
    tmp_path: Path, form: str, name: str
) -> None:
    path = tmp_path / name
    soundfile.write(path, TONE, 16_000, format=form, subtype="PCM_16")
    assert np.array_equal(read(path).samples, TONE)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(Unreadable, match="breaks off"):
        read(path)


@pytest.mark.parametrize("size", [b"\0\0\0\0", b"\xff\xff\xff\xff"])
def test_aiff_and_au_that_were_never_finished_are_read(tmp_path: Path, size: bytes) -> None:
    soundfile.write(tmp_path / "a.aiff", TONE, 16_000, subtype="PCM_16")
    content = bytearray((tmp_path / "a.aiff").read_bytes())
    at = content.index(b"SSND") + 4
    content[4:8] = content[at : at + 4] = size
    (tmp_path / "a.aiff").write_bytes(content)
    assert np.array_equal(read(tmp_path / "a.aiff").samples, TONE)
    soundfile.write(tmp_path / "a.au", TONE, 16_000, format="AU", subtype="PCM_16")
    content = bytearray((tmp_path / "a.au").read_bytes())
    content[8:12] = b"\xff\xff\xff\xff"
    (tmp_path / "a.au").write_bytes(content)
    assert np.array_equal(read(tmp_path / "a.au").samples, TONE)


def test_samples_that_are_no_numbers_or_out_of_all_scale_are_refused(tmp_path: Path) -> None:
    scaled = TONE / np.float32(32_768)
    for spoilt, why in (
        (np.where(np.arange(len(TONE)) == 9, np.nan, scaled), "no numbers"),
        (np.where(np.arange(len(TONE)) == 9, np.inf, scaled), "no numbers"),
        (TONE.astype(np.float32), "where full scale is 1"),
    ):
        soundfile.write(tmp_path / "a.wav", spoilt.astype("f4"), 16_000, subtype="FLOAT")
        with pytest.raises(Unreadable, match=why):
            read(tmp_path / "a.wav")
    soundfile.write(tmp_path / "a.wav", 6 * scaled, 16_000, subtype="FLOAT")
    assert int(read(tmp_path / "a.wav").samples.max()) == 32_767
