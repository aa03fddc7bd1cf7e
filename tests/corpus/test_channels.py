"""The caller's channel, and what is said when somebody speaks on another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from harness.corpus import channel_from, import_corpus, obtain_corpus
from harness.corpus.sound import read
from harness.errors import BadInput
from harness.model import NoProgress

WriteSpeech = Callable[..., Path]


@pytest.fixture
def stereo(tmp_path: Path, write_speech: WriteSpeech) -> Path:
    """Return a folder: the caller right of silence, right of an agent, and on both sides."""
    voice = read(write_speech(tmp_path / "scratch" / "a.wav", seed=2)).samples
    agent = read(write_speech(tmp_path / "scratch" / "b.wav", seed=5)).samples
    folder = tmp_path / "stereo"
    folder.mkdir()
    for name, left in (("alone", np.zeros_like(voice)), ("pair", agent), ("both", voice // 3)):
        soundfile.write(folder / f"{name}.wav", np.stack((left, voice), axis=1), 16_000)
    return folder


def test_another_voice_is_told_and_a_copy_is_not(stereo: Path, tmp_path: Path, told: Any) -> None:
    corpus = obtain_corpus(str(stereo), tmp_path / "cache", told)
    assert {clip.id: clip.other_voices for clip in corpus.clips} == {"both": (), "pair": (1,)}
    said = " ".join(told.steps)
    assert "alone.wav: has no speech on channel 0 of 2, but on channel 1" in said
    assert "pair (channel 0 used, speech on channel 1 too)" in said
    assert "both (" not in said
    told.steps.clear()
    obtain_corpus(str(stereo), tmp_path / "cache", told)
    assert "pair (channel 0 used" in " ".join(told.steps)


def test_the_chosen_channel_is_used_by_folder_import_and_manifest(
    stereo: Path, tmp_path: Path, told: Any
) -> None:
    cache, manifest = tmp_path / "cache", tmp_path / "m.jsonl"
    direct = obtain_corpus(str(stereo), cache, NoProgress(), channel=1)
    assert {clip.id: clip.channel for clip in direct.clips} == {"alone": 1, "both": 1, "pair": 1}
    import_corpus(stereo, manifest, told, channel=1)
    assert "pair (channel 1 used, speech on channel 0 too)" in " ".join(told.steps)
    assert obtain_corpus(str(manifest), cache, NoProgress()).clips == direct.clips
    with pytest.raises(BadInput, match="none of its clips"):
        obtain_corpus(str(manifest), cache, told, channel=0)
    assert "is not on the chosen channel 0" in " ".join(told.steps)


def test_a_channel_that_a_file_has_not_is_named(
    tmp_path: Path, write_speech: WriteSpeech, told: Any
) -> None:
    write_speech(tmp_path / "mono" / "a.wav")
    with pytest.raises(BadInput):
        obtain_corpus(str(tmp_path / "mono"), tmp_path / "cache", told, channel=1)
    assert any("has 1 channels, none of them number 1" in step for step in told.steps)
    with pytest.raises(BadInput, match="has one channel"):
        obtain_corpus("synthetic", tmp_path / "cache", NoProgress(), channel=1)


@pytest.mark.parametrize(
    ("name", "channel"), [(None, None), ("", None), ("left", 0), ("RIGHT", 1), ("3", 3)]
)
def test_words_for_channels(name: str | None, channel: int | None) -> None:
    assert channel_from(name) == channel


@pytest.mark.parametrize("name", ["middle", "-1", "9999", "1.5"])
def test_what_is_no_channel(name: str) -> None:
    with pytest.raises(BadInput, match="no such channel"):
        channel_from(name)
