"""What lists of other people look like: every oddity in every format that can have it."""

import gzip
import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.corpus.formats import FORMATS, recognise
from harness.corpus.formats.reading import Reading, channel_number, objects, table
from harness.corpus.recording import Recording
from harness.errors import BadInput


def _wav(path: Path, channels: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros((8_000, channels), dtype=np.int16), 8_000, format="WAV")
    return path


def _read(
    form: str, path: Path, root: Path | None = None, channel: int | None = None
) -> tuple[list[Recording], list[str]]:
    (format_,) = (each for each in FORMATS if each.name == form)
    reading = Reading(root or (path if path.is_dir() else path.parent), channel)
    return format_.read(reading, path), reading.refused


def _collection(form: str, root: Path, name: str) -> Path:
    """Write the smallest collection of a format whose only file is called `name`."""
    root.mkdir(parents=True, exist_ok=True)
    if form == "nemo":
        path = root / "m.json"
        path.write_text(json.dumps({"audio_filepath": name}) + "\n")
    elif form == "audiofolder":
        path = root / "metadata.jsonl"
        path.write_text(json.dumps({"file_name": name}) + "\n")
    elif form == "kaldi":
        path = root / "wav.scp"
        path.write_text(f"a {name}\n")
    else:
        path = root / "cuts.jsonl"
        source = {"type": "file", "channels": [0], "source": name}
        recording = {"id": "r", "sources": [source]}
        part = {"id": "s", "start": 0.0, "duration": 0.5, "channel": 0}
        cut = {"id": "c", "start": 0.0, "recording": recording, "supervisions": [part]}
        path.write_text(json.dumps(cut) + "\n")
    return path


LISTS = ["nemo", "audiofolder", "kaldi", "lhotse"]


@pytest.mark.parametrize("form", LISTS)
def test_backslashes_and_other_spellings_of_a_name_are_found(tmp_path: Path, form: str) -> None:
    decomposed = unicodedata.normalize("NFD", "café")
    _wav(tmp_path / "audio" / decomposed / "Übung.WAV")
    for name in ("audio\\café\\Übung.WAV", "./audio/café/übung.wav"):
        (found,), refused = _read(form, _collection(form, tmp_path, name))
        assert refused == []
        assert (tmp_path / found.path).is_file()


@pytest.mark.parametrize("form", LISTS)
@pytest.mark.parametrize("absolute", [False, True])
def test_a_root_takes_in_audio_beside_the_list(tmp_path: Path, form: str, absolute: bool) -> None:
    audio = _wav(tmp_path / "audio" / "a.wav")
    name = str(audio) if absolute else "../audio/a.wav"
    path = _collection(form, tmp_path / "lists", name)
    found, refused = _read(form, path)
    assert found == []
    assert "leads out of the corpus folder; --root" in refused[0]
    (recording,), refused = _read(form, path, root=tmp_path)
    assert (recording.path, refused) == ("audio/a.wav", [])


@pytest.mark.parametrize("form", LISTS)
def test_names_count_from_the_root_where_the_list_lies_elsewhere(tmp_path: Path, form: str) -> None:
    _wav(tmp_path / "audio" / "a.wav")
    path = _collection(form, tmp_path / "lists", "a.wav")
    (recording,), refused = _read(form, path, root=tmp_path / "audio")
    assert (recording.path, refused) == ("a.wav", [])


@pytest.mark.parametrize("form", LISTS)
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("..\\..\\a.wav", "leads out"),
        ("C:\\speech\\a.wav", "on a drive of another system"),
        ("gone.wav", "is not there"),
    ],
)
def test_what_is_not_to_be_had_is_left_out_for_its_own_reason(
    tmp_path: Path, form: str, name: str, why: str
) -> None:
    found, refused = _read(form, _collection(form, tmp_path, name))
    assert found == []
    assert why in refused[0]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("file_name;transcription\na.wav;one, two\n", "utf-8"),
        ("sep=;\r\nfile_name;transcription\r\na.wav;one, two\r\n", "utf-8-sig"),
        ("filename\ttext\na.wav\tone, two\n", "utf-16"),
        ('path,text\na.wav,"one, two"\n', "utf-8-sig"),
        ("a|One, two|one, two\n", "utf-8"),
    ],
)
def test_tables_of_every_dialect_are_read(tmp_path: Path, content: str, encoding: str) -> None:
    _wav(tmp_path / "a.wav")
    _wav(tmp_path / "wavs" / "a.wav")
    (tmp_path / "metadata.csv").write_bytes(content.encode(encoding))
    (found,), refused = _read("audiofolder", tmp_path)
    assert (found.transcript, refused) == ("one, two", [])


def test_a_table_that_names_no_files_says_which_columns_it_has(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("name;words\na;b\n")
    with pytest.raises(BadInput, match="no column file_name; its columns are name, words"):
        _read("audiofolder", tmp_path)
    (tmp_path / "metadata.csv").write_bytes("file_name,text\na.wav,größe\n".encode("latin-1"))
    with pytest.raises(BadInput, match="is no UTF-8 text"):
        _read("audiofolder", tmp_path)


def test_json_lists_may_hold_nan_a_mark_or_be_one_array(tmp_path: Path) -> None:
    row = '{"audio_filepath": "a.wav", "duration": NaN, "text": NaN, "gain": -Infinity}'
    _wav(tmp_path / "a.wav")
    with gzip.open(tmp_path / "m.json.gz", "wt", encoding="utf-8-sig") as file:
        file.write(row + "\n")
    (tmp_path / "array.json").write_text(f"[\n{row},\n{row}\n]\n")
    (one,), _ = _read("nemo", tmp_path / "m.json.gz")
    assert (one.transcript, one.length_s) == ("", None)
    assert len(_read("nemo", tmp_path / "array.json")[0]) == 2
    (tmp_path / "bad.json").write_text('{"a": nonsense}\n')
    with pytest.raises(BadInput, match=r"bad\.json line 1: is no JSON"):
        list(objects(tmp_path / "bad.json"))


@pytest.mark.parametrize("value", ["NaN", "Infinity", '"soon"'])
def test_a_start_that_is_no_number_is_not_taken_for_zero(tmp_path: Path, value: str) -> None:
    _wav(tmp_path / "a.wav")
    (tmp_path / "m.json").write_text(f'{{"audio_filepath": "a.wav", "offset": {value}}}\n')
    found, (refused,) = _read("nemo", tmp_path / "m.json")
    assert (found, refused) == ([], "a.wav: has a value of offset that is no number")


@pytest.mark.parametrize(
    ("value", "why"),
    [("NaN", "duration that is no number"), ("1e400", "duration that is no number"),
     ("Infinity", "duration that is no number"), ('"long"', "duration that is no number")],
)  # fmt: skip
def test_a_length_that_is_no_number_is_not_taken_for_the_whole(
    tmp_path: Path, value: str, why: str
) -> None:
    _wav(tmp_path / "a.wav")
    row = f'{{"audio_filepath": "a.wav", "offset": 0.0, "duration": {value}}}'
    (tmp_path / "m.json").write_text(row + "\n")
    found, (refused,) = _read("nemo", tmp_path / "m.json")
    assert found == []
    assert why in refused


@pytest.mark.parametrize("form", ["nemo", "audiofolder"])
@pytest.mark.parametrize(
    ("column", "value", "channel"),
    [
        ("channel_selector", 1, 1),
        ("channel_selector", [1], 1),
        ("channel_selector", [0, 1], 0),
        ("channel", "1", 1),
        ("channel", "right", 1),
        ("channel", None, 0),
        ("channel_selector", "average", None),
        ("channel_selector", -1, None),
        ("channel", 0.5, None),
        ("channel", float("inf"), None),
        ("channel", True, None),
    ],
)
def test_a_row_chooses_its_channel_or_is_left_out(
    tmp_path: Path, form: str, column: str, value: object, channel: int | None
) -> None:
    _wav(tmp_path / "a.wav", channels=2)
    row = {"audio_filepath": "a.wav", column: value}
    path = tmp_path / ("m.json" if form == "nemo" else "metadata.jsonl")
    path.write_text(json.dumps(row) + "\n")
    found, refused = _read(form, path)
    assert [each.channel for each in found] == ([] if channel is None else [channel])
    assert ("--channel chooses one" in "".join(refused)) is (channel is None)
    if channel != 0 or isinstance(value, list):
        (chosen,), _ = _read(form, path, channel=1)
        assert chosen.channel == 1


@pytest.mark.parametrize("form", LISTS)
def test_addresses_are_not_fetched_but_those_of_files_are_read(tmp_path: Path, form: str) -> None:
    audio = _wav(tmp_path / "a b.wav")
    found, refused = _read(form, _collection(form, tmp_path, "https://example.org/a.wav"))
    assert found == []
    assert "is an address; nothing is fetched" in refused[0]
    (found_one,), refused = _read(form, _collection(form, tmp_path, audio.as_uri()))
    assert (found_one.path, refused) == ("a b.wav", [])


def test_lists_with_names_of_their_own_are_recognised_by_content(tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav")
    _wav(tmp_path / "clips" / "a.wav")
    table = "client_id\tpath\tsentence\nc\ta.wav\thi\n"
    part = {"id": "s", "recording_id": "r", "start": 0.0, "duration": 0.5}
    for name, content, form in (
        ("utts.csv", "\ufeffFile_Name;Text\r\na.wav;hi\r\n", "audiofolder"),
        ("train.tsv", "path\tsentence\na.wav\thi\n", "audiofolder"),
        ("utts.jsonl", '{"path": "a.wav", "sentence": "hi"}\n', "audiofolder"),
        ("rows.json", '{\n"rows": [{"audio_filepath": "a.wav"}]\n}\n', "nemo"),
        ("test.tsv", table, "common-voice"),
        ("other.tsv", table, "common-voice"),
        ("parts.jsonl", json.dumps(part) + "\n", "lhotse"),
    ):
        (tmp_path / name).write_text(content, newline="")
        assert recognise(tmp_path / name).name == form, name
        if form != "lhotse":
            assert [each.path for each in _read(form, tmp_path / name)[0]] != [], name
    (tmp_path / "utts.csv").write_text("\n")
    with pytest.raises(BadInput, match=r"utts\.csv: is empty"):
        _read("audiofolder", tmp_path / "utts.csv")
    (tmp_path / "utts.json").write_text('{\n"path": "a.wav"\n}\n')
    with pytest.raises(BadInput, match="is one JSON object"):
        _read("audiofolder", tmp_path / "utts.json")


def test_kaldi_values_that_are_not_understood_are_named(tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav", channels=2)
    (tmp_path / "wav.scp").write_text("r a.wav\nq a.wav\n")
    (tmp_path / "reco2file_and_channel").write_text("r a right\nq a X9\n")
    (found,), (refused,) = _read("kaldi", tmp_path)
    assert (found.id, found.channel) == ("r", 1)
    assert refused == "q: is on channel X9; --channel chooses one"
    assert len(_read("kaldi", tmp_path, channel=1)[0]) == 2
    (tmp_path / "segments").write_text("u r nan 1.0\n")
    nothing, refused_too = _read("kaldi", tmp_path)
    assert not nothing
    assert "u: is not `recording start end` in segments" in refused_too


def test_names_that_look_like_keys_stay_as_they_are(tmp_path: Path) -> None:
    for name in ("sk-0001.wav", "pk-karachi-3.wav", "api-greeting.wav"):
        _wav(tmp_path / name)
    found, _ = _read("folder", tmp_path)
    assert [each.id for each in found] == ["api-greeting", "pk-karachi-3", "sk-0001"]
    (tmp_path / "m.json").write_text('{"audio_filepath": "sk-0001.wav", "text": "key-word-two"}\n')
    (listed,), _ = _read("nemo", tmp_path / "m.json")
    assert (listed.id, listed.transcript) == ("sk-0001", "key-word-two")


def test_audio_that_is_not_read_is_left_out_by_name(tmp_path: Path) -> None:
    _wav(tmp_path / "a.WAV")
    for name in ("b.m4a", "c.WebM", "d.gsm", "e.amr", "notes.txt"):
        (tmp_path / name).write_bytes(bytes(100))
    found, refused = _read("folder", tmp_path)
    assert [each.path for each in found] == ["a.WAV"]
    assert [line.split(":")[0] for line in refused] == ["b.m4a", "c.WebM", "d.gsm", "e.amr"]
    assert all("cannot be read" in line for line in refused)


def test_clips_converted_to_another_ending_are_found(tmp_path: Path) -> None:
    _wav(tmp_path / "cv" / "clips" / "c1.wav")
    (tmp_path / "cv" / "validated.tsv").write_text("client_id\tpath\tsentence\nx\tc1.mp3\thi\n")
    (clip,), _ = _read("common-voice", tmp_path / "cv")
    assert clip.path == "clips/c1.wav"
    _wav(tmp_path / "ls" / "1" / "2" / "1-2-0.wav")
    (tmp_path / "ls" / "1" / "2" / "1-2.trans.txt").write_text("1-2-0 HELLO\n")
    (clip,), _ = _read("librispeech", tmp_path / "ls")
    assert clip.path == "1/2/1-2-0.wav"


@pytest.mark.parametrize(
    ("label", "channel"), [("A", 0), ("b", 1), ("1", 0), ("2", 1), ("x", None)]
)
def test_channels_as_nist_labels_them(label: str, channel: int | None) -> None:
    assert channel_number(label) == channel


def test_kaldi_channels_and_the_users(tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav", channels=2)
    (tmp_path / "wav.scp").write_text("r-A a.wav\nr-B a.wav\n")
    (tmp_path / "reco2file_and_channel").write_text("r-A a A\nr-B a B\n")
    assert [each.channel for each in _read("kaldi", tmp_path)[0]] == [0, 1]
    (chosen,), refused = _read("kaldi", tmp_path, channel=1)
    assert (chosen.id, chosen.channel) == ("r-B", 1)
    assert refused == ["r-A: is on channel 0, not on the chosen channel 1"]


def test_words_of_the_other_channel_do_not_end_the_speech(tmp_path: Path) -> None:
    _wav(tmp_path / "a.wav", channels=2)
    (tmp_path / "a.ctm").write_text("a A 0.1 0.2 mine\na B 0.5 0.4 theirs\n")
    for channel, end_s in ((0, 0.3), (1, 0.9)):
        (found,), _ = _read("folder", tmp_path, channel=channel)
        assert found.marks is not None
        assert (found.channel, found.marks.end_s) == (channel, end_s)


def test_quotes_mean_nothing_between_tabs(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text('a\tb\n"one\ttwo\n')
    assert list(table(tmp_path / "t.tsv")) == [{"a": '"one', "b": "two"}]
