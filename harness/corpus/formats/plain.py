"""A plain folder of audio files, perhaps with side files that say when each word is spoken.

`NAME.TextGrid` (Praat) and `NAME.ctm` beside `NAME.wav` end its speech with their last word. A
`NAME.txt` is its transcript.
"""

from dataclasses import replace
from pathlib import Path

from harness.corpus.catalogue import plain_recordings
from harness.corpus.formats.reading import Reading, aligned
from harness.corpus.formats.words import ctm_words, textgrid_words
from harness.corpus.inside import as_on_disk
from harness.corpus.recording import Recording
from harness.errors import sanitised

_SIDES = {".TextGrid": textgrid_words, ".ctm": ctm_words}


def lists(folder: Path) -> list[Path]:
    """Return the folder itself: any will do."""
    return [folder]


def read(reading: Reading, path: Path) -> list[Recording]:
    """Return every audio file of a folder."""
    return read_folder(reading, path)


def read_folder(reading: Reading, folder: Path) -> list[Recording]:
    """Return every audio file of a folder, on the channel that the user chose."""
    return [
        with_sides(reading, replace(recording, channel=reading.channel or 0))
        for recording in plain_recordings(folder, reading.refuse)
    ]


def with_sides(reading: Reading, recording: Recording) -> Recording:
    """Return a recording with what the files beside it say."""
    file = reading.folder / recording.path
    said = as_on_disk(file.with_suffix(".txt"))
    if said is not None and said.stat().st_size < 10_000:
        words = said.read_text(encoding="utf-8", errors="replace")
        recording = replace(recording, transcript=sanitised(words))
    for suffix, words_of in _SIDES.items():
        side = as_on_disk(file.with_suffix(suffix))
        if side is None:
            continue
        spoken = words_of(side, file.stem, recording.channel)
        marks = (
            aligned(spoken[0].start_s, max(word.end_s for word in spoken), "") if spoken else None
        )
        if marks is None:
            reading.refuse(side.name, "holds no words; the clip is annotated instead")
            continue
        marks = replace(marks, end_source=f"alignment-{suffix[1:].lower()}")
        heard = recording.transcript or " ".join(word.text for word in spoken)
        return replace(recording, marks=marks, transcript=sanitised(heard))
    return recording
