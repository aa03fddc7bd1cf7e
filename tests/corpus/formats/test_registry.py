"""Every format read from the smallest collection there is in it."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from harness.corpus.formats import FORMATS, recognise
from harness.corpus.formats.reading import Reading
from harness.corpus.recording import Recording

Maker = Callable[[Path], None]


def _wav(path: Path, seconds: float = 2.0, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    silence = np.zeros((round(8000 * seconds), channels), dtype=np.int16)
    soundfile.write(path, silence, 8000, format="FLAC" if path.suffix == ".flac" else "WAV")


def _lines(path: Path, *rows: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")


def _nemo(root: Path) -> None:
    _wav(root / "wav" / "a.wav")
    _lines(
        root / "train.json",
        {"audio_filepath": "wav/a.wav", "text": "one", "duration": 2.0, "lang": "en"},
        {
            "audio_filepath": str(root / "wav" / "a.wav"),
            "text": "two",
            "offset": 0.5,
            "duration": 1,
        },
        {"audio_filepath": "../../outside.wav", "text": "three"},
    )


def _audiofolder(root: Path) -> None:
    _wav(root / "train" / "a.wav")
    _lines(
        root / "train" / "metadata.csv",
        "file_name,transcription,accent",
        'a.wav,"hello, you",scots',
        "/etc/passwd,x,y",
    )


def _librispeech(root: Path) -> None:
    _wav(root / "84" / "12" / "84-12-0000.flac")
    _lines(root / "84" / "12" / "84-12.trans.txt", "84-12-0000 GOOD DAY", "../../x NO")


def _common_voice(root: Path) -> None:
    _wav(root / "clips" / "c1.wav")
    _lines(
        root / "validated.tsv",
        "client_id\tpath\tsentence\taccents\tlocale",
        'abcdef0123456789zz\tc1.wav\tSay "hi\tWelsh\ten',
        "who\tmissing.mp3\tgone\t\ten",
    )


def _lhotse(root: Path) -> None:
    _wav(root / "r.wav", channels=2)
    source = {"type": "file", "channels": [0, 1], "source": "r.wav"}
    pipe = {"type": "command", "channels": [0], "source": "touch run"}
    words = [["hello", 0.7, 0.2, None], ["you", 1.0, 0.25, None], ["", 1.25, 0.2, None]]
    _lines(
        root / "recordings.jsonl.gz",
        {"id": "r", "sources": [source]},
        {"id": "p", "sources": [pipe]},
    )
    _lines(
        root / "supervisions.jsonl",
        {"id": "s", "recording_id": "r", "start": 0.5, "duration": 1.0, "channel": 1,
         "text": "hello you", "alignment": {"word": words}},
        {"id": "t", "recording_id": "p", "start": 0.0, "duration": 1.0, "text": "no"},
    )  # fmt: skip


def _kaldi(root: Path) -> None:
    _wav(root / "a.wav")
    _lines(root / "wav.scp", "r1 a.wav", "r2 touch run |", "r3 /etc/passwd", "r4 | touch run")
    _lines(root / "segments", "u1 r1 0.25 1.25", "u2 r2 0 1", "u3\tr1 0.5 -1")
    _lines(root / "text", "u1 hello there")
    _lines(root / "utt2spk", "u1 anne")


def _harper_valley(root: Path) -> None:
    for role in ("caller", "agent"):
        _wav(root / "data" / "audio" / role / "ab12.wav", 6.0)
    segment = {"human_transcript": "hi i lost my card", "offset_ms": 1000, "duration_ms": 900,
               "word_offsets_ms": [0, 300], "word_durations_ms": [200, 450]}  # fmt: skip
    _lines(
        root / "data" / "transcript" / "ab12.json",
        [
            segment | {"speaker_role": "agent", "dialog_acts": ["gridspace_greeting"]},
            segment | {"speaker_role": "caller", "offset_ms": 3000},
            segment | {"speaker_role": "caller", "human_transcript": ""},
        ],
    )


def _folder(root: Path) -> None:
    _wav(root / "a.wav")
    _wav(root / "b.wav")
    (root / "a.txt").write_text("good day")
    _lines(
        root / "b.ctm",
        ";; comment",
        "b 1 0.50 0.30 good 0.9",
        "b 1 0.90 0.35 day",
        "b 1 1.4 0.2 <eps>",
    )


COLLECTIONS: dict[str, Maker] = {
    "nemo": _nemo,
    "audiofolder": _audiofolder,
    "librispeech": _librispeech,
    "common-voice": _common_voice,
    "lhotse": _lhotse,
    "kaldi": _kaldi,
    "harper-valley": _harper_valley,
    "folder": _folder,
}


def _read(name: str, root: Path) -> tuple[list[Recording], list[str]]:
    root.mkdir(exist_ok=True)
    COLLECTIONS[name](root)
    form = recognise(root)
    assert form.name == name
    reading = Reading(root)
    return form.read(reading, root), reading.refused


def test_every_format_has_a_collection_here() -> None:
    assert set(COLLECTIONS) == {form.name for form in FORMATS}


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_format_is_recognised_and_its_paths_are_files_inside(name: str, tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    found, _ = _read(name, root)
    assert found
    assert len({recording.id for recording in found}) == len(found)
    for recording in found:
        assert (root / recording.path).resolve().is_relative_to(root)
        assert (root / recording.path).is_file()
    assert not list(tmp_path.rglob("run"))


def test_nemo_cuts_and_strays(tmp_path: Path) -> None:
    (whole, cut), refused = _read("nemo", tmp_path / "corpus")
    assert (whole.transcript, whole.length_s, whole.language) == ("one", None, "en")
    assert (cut.path, cut.offset_s, cut.length_s, cut.id) == ("wav/a.wav", 0.5, 1.0, "wav/a#2")
    (line,) = refused
    assert line.startswith("../../outside.wav: leads out of the corpus folder")


def test_audiofolder_columns(tmp_path: Path) -> None:
    (clip,), refused = _read("audiofolder", tmp_path / "corpus")
    assert (clip.path, clip.transcript, clip.accent) == ("train/a.wav", "hello, you", "scots")
    assert len(refused) == 1


def test_common_voice_reads_a_lone_quote_and_names_what_is_gone(tmp_path: Path) -> None:
    (clip,), refused = _read("common-voice", tmp_path / "corpus")
    assert (clip.transcript, clip.accent, clip.licence) == ('Say "hi', "Welsh", "CC0 1.0")
    assert refused == ["clips/missing.mp3: is not there"]


def test_lhotse_ends_with_the_last_word_and_runs_nothing(tmp_path: Path) -> None:
    (clip,), refused = _read("lhotse", tmp_path / "corpus")
    assert (clip.offset_s, clip.length_s, clip.channel) == (0.5, 1.0, 1)
    assert clip.marks is not None
    assert (clip.marks.start_s, clip.marks.end_s) == pytest.approx((0.2, 0.75))
    assert clip.marks.end_source == "alignment-lhotse"
    assert any("not a file" in line for line in refused)


def test_kaldi_segments_and_pipes(tmp_path: Path) -> None:
    (first, second), refused = _read("kaldi", tmp_path / "corpus")
    assert (first.id, first.offset_s, first.length_s) == ("u1", 0.25, 1.0)
    assert (first.transcript, first.speaker) == ("hello there", "anne")
    assert (second.id, second.offset_s, second.length_s) == ("u3", 0.5, None)
    assert sum("shell command" in line for line in refused) == 2


def test_what_kaldi_lists_and_is_not_read_is_named(tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav")
    _wav(tmp_path / "b.wav")
    _lines(tmp_path / "wav.scp", "r1 a.wav", "r1 b.wav", "r2 b.wav", "r3 all.ark:1234")
    _lines(tmp_path / "segments", "u1 r1 0 1", "u2 r9 0 1", "u3 r2 nan 1", "u4 r2 0.5 1")
    reading = Reading(tmp_path)
    found = recognise(tmp_path).read(reading, tmp_path)
    assert [(clip.id, clip.path) for clip in found] == [("u1", "a.wav"), ("u4", "b.wav")]
    assert sorted(reading.refused) == [
        "r1: is twice in wav.scp; the first is read",
        "r3: lies in an archive of Kaldi's, which is not read",
        "u2: its recording r9 is not known here",
        "u3: is not `recording start end` in segments",
    ]


def test_common_voice_tables_may_name_the_folder_of_the_clips(tmp_path: Path) -> None:
    _wav(tmp_path / "clips" / "a.wav")
    _lines(tmp_path / "test.tsv", "client_id\tpath\tsentence", "x\tclips/a.wav\thi")
    reading = Reading(tmp_path)
    (clip,) = recognise(tmp_path).read(reading, tmp_path)
    assert (clip.path, clip.transcript, reading.refused) == ("clips/a.wav", "hi", [])


@pytest.mark.parametrize("value", [["a.wav", "b.wav"], {"path": "a.wav"}, 7])
def test_what_is_no_name_of_a_file_is_not_looked_for(tmp_path: Path, value: object) -> None:
    _wav(tmp_path / "a.wav")
    _lines(tmp_path / "m.json", {"audio_filepath": "a.wav"}, {"audio_filepath": value})
    reading = Reading(tmp_path)
    assert len(recognise(tmp_path).read(reading, tmp_path)) == 1
    (line,) = reading.refused
    assert line.endswith(": is not the name of one file")


def test_harper_valley_is_a_dialogue_of_both_sides(tmp_path: Path) -> None:
    found, _ = _read("harper-valley", tmp_path / "corpus")
    caller = next(clip for clip in found if "caller" in clip.tags)
    assert (caller.conversation, caller.turn, caller.offset_s) == ("ab12", 0, 3.0)
    assert caller.marks is not None
    assert caller.marks.end_s == pytest.approx(0.75)
    agent = next(clip for clip in found if "agent" in clip.tags)
    assert agent.tags == ("agent", "gridspace_greeting")


def test_side_files_end_the_speech_with_their_last_word(tmp_path: Path) -> None:
    (plain, timed), _ = _read("folder", tmp_path / "corpus")
    assert (plain.transcript, plain.marks) == ("good day", None)
    assert timed.transcript == "good day"
    assert timed.marks is not None
    assert (timed.marks.start_s, timed.marks.end_s) == (0.5, 1.25)
    assert timed.marks.end_source == "alignment-ctm"


def test_a_list_in_a_folder_is_recognised_by_itself(tmp_path: Path) -> None:
    _kaldi(tmp_path)
    assert recognise(tmp_path / "wav.scp").name == "kaldi"
