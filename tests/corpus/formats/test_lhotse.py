"""Lhotse's ways to say which channel of which file a segment is on."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from harness.corpus.formats import lhotse
from harness.corpus.formats.reading import Reading
from harness.corpus.recording import Recording


def _wav(path: Path, channels: int = 1) -> None:
    soundfile.write(path, np.zeros((8_000, channels), dtype=np.int16), 8_000)


def _jsonl(path: Path, *rows: dict[str, Any]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _recording(*sources: tuple[list[int], str]) -> dict[str, Any]:
    listed = [{"type": "file", "channels": ids, "source": name} for ids, name in sources]
    return {"id": "r", "sources": listed, "sampling_rate": 8_000, "duration": 1.0}


def _part(channel: object, **more: object) -> dict[str, Any]:
    return {
        "id": "s",
        "recording_id": "r",
        "start": 0.1,
        "duration": 0.5,
        "channel": channel,
    } | more


def _read(root: Path, channel: int | None = None) -> tuple[list[Recording], list[str]]:
    reading = Reading(root, channel)
    return lhotse.read(reading, root), reading.refused


@pytest.mark.parametrize("channel", [1, [1], [1, 0]])
def test_a_channel_or_a_list_of_them_in_one_file(tmp_path: Path, channel: object) -> None:
    _wav(tmp_path / "a.wav", 2)
    _jsonl(tmp_path / "recordings.jsonl", _recording(([0, 1], "a.wav")))
    _jsonl(tmp_path / "supervisions.jsonl", _part(channel))
    (found,), _ = _read(tmp_path)
    assert (found.path, found.channel) == ("a.wav", 1)


@pytest.mark.parametrize("channel", [1, [1]])
def test_one_file_a_channel(tmp_path: Path, channel: object) -> None:
    for name in ("ch0.wav", "ch1.wav"):
        _wav(tmp_path / name)
    _jsonl(tmp_path / "recordings.jsonl", _recording(([0], "ch0.wav"), ([1], "ch1.wav")))
    _jsonl(tmp_path / "supervisions.jsonl", _part(channel))
    (found,), _ = _read(tmp_path)
    assert (found.path, found.channel) == ("ch1.wav", 0)


def test_cuts_of_one_channel_and_of_several(tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav", 2)
    recording = _recording(([0, 1], "a.wav"))
    mono = {"id": "m", "start": 0.2, "channel": 1, "recording": recording, "type": "MonoCut"}
    multi = {"id": "n", "start": 0.0, "channel": [0, 1], "recording": recording, "type": "MultiCut"}
    _jsonl(
        tmp_path / "cuts.jsonl",
        mono | {"supervisions": [_part(None)]},
        multi | {"supervisions": [_part(0), _part([1], id="t")]},
        multi | {"supervisions": []},
        {"id": "mixed", "tracks": [], "type": "MixedCut"},
    )
    found, refused = _read(tmp_path)
    assert [(each.channel, each.offset_s) for each in found] == [(1, 0.3), (0, 0.1), (1, 0.1)]
    assert any("without a supervision" in line for line in refused)
    assert any(line.startswith("mixed: is a mix of cuts") for line in refused)


def test_the_users_channel_selects_and_the_rest_is_named(tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav", 2)
    _jsonl(tmp_path / "recordings.jsonl", _recording(([0, 1], "a.wav")))
    _jsonl(tmp_path / "supervisions.jsonl", _part(0), _part([0, 1], id="both"))
    (found,), refused = _read(tmp_path, channel=1)
    assert (found.id, found.channel) == ("both", 1)
    assert refused == ["s: is on channel 0, not on the chosen channel 1"]


def test_a_channel_that_is_not_there_and_a_start_that_is_no_number(tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav")
    _jsonl(tmp_path / "recordings.jsonl", _recording(([0], "a.wav")))
    _jsonl(
        tmp_path / "supervisions.jsonl", _part(3), _part(0, id="t", start=float("nan")), _part(0)
    )
    found, refused = _read(tmp_path)
    assert len(found) == 1
    assert refused == [
        "s: is on channel 3; r has 0",
        "t: has a value of start that is no number",
    ]


def test_a_recording_that_is_to_be_transformed_is_left_out_by_name(tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav")
    slower = {"transforms": [{"name": "Speed", "kwargs": {"factor": 0.9}}]}
    _jsonl(tmp_path / "recordings.jsonl", _recording(([0], "a.wav")) | slower)
    _jsonl(tmp_path / "supervisions.jsonl", _part(0))
    found, refused = _read(tmp_path)
    assert not found
    assert "is to be transformed" in refused[0]
