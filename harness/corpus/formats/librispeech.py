"""A tree as LibriSpeech lays it out: `SPEAKER/CHAPTER/SPEAKER-CHAPTER.trans.txt`, FLAC beside."""

from pathlib import Path

from harness.corpus.formats.reading import Reading, lines, named
from harness.corpus.recording import Recording
from harness.errors import sanitised

_ENDINGS = (".wav", ".mp3", ".ogg", ".opus")


def lists(folder: Path) -> list[Path]:
    """Return the transcript files below a folder."""
    return sorted(folder.rglob("*.trans.txt"))


def read(reading: Reading, path: Path) -> list[Recording]:
    """Return every sentence that has both a transcript and a file."""
    found: list[Recording] = []
    taken: set[str] = set()
    for listing in [path] if path.is_file() else lists(path):
        for _, line in lines(listing):
            name, _, words = line.partition(" ")
            file = reading.file(f"{name}.flac", listing.parent, _ENDINGS)
            if file is None:
                continue
            found.append(
                Recording(
                    id=named(name, taken),
                    path=file,
                    channel=reading.channel or 0,
                    transcript=sanitised(words.lower()),
                    speaker=sanitised(name.partition("-")[0]),
                    language="en",
                )
            )
    return found
