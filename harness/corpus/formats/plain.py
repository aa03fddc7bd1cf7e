"""A plain folder of audio files, perhaps with side files that say when each word is spoken.

`NAME.TextGrid` (Praat) and `NAME.ctm` beside `NAME.wav` end its speech with their last word. A
`NAME.txt` is its transcript.
"""

from dataclasses import replace
from pathlib import Path

from harness.corpus.catalogue import plain_recordings
from harness.corpus.formats.reading import Reading, aligned
from harness.corpus.formats.words import ctm_words, textgrid_words
from harness.corpus.recording import Recording
from harness.errors import sanitised
from harness.model import NoProgress

_SIDES = {".TextGrid": textgrid_words, ".textgrid": textgrid_words, ".ctm": ctm_words}


def lists(folder: Path) -> list[Path]:
    """Return the folder itself: any will do."""
    return [folder]


def read(reading: Reading, path: Path) -> list[Recording]:
    """Return every audio file of a folder."""
    return [with_sides(reading, recording) for recording in plain_recordings(path, NoProgress())]


def with_sides(reading: Reading, recording: Recording) -> Recording:
    """Return a recording with what the files beside it say."""
    file = reading.folder / recording.path
    said = file.with_suffix(".txt")
    if said.is_file() and said.stat().st_size < 10_000:
        words = said.read_text(encoding="utf-8", errors="replace")
        recording = replace(recording, transcript=sanitised(words))
    for suffix, words_of in _SIDES.items():
        side = file.with_suffix(suffix)
        if not side.is_file():
            continue
        spoken = words_of(side, file.stem)
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
